// Owns what a course of several activities has around its content: buttons, menu panel, progress. Loaded only for those.

import { createMenu } from "./menu.js";
import { byId } from "./screen.js";

/** @type {import("./types").CreateControls} */
export function createControls({ t, tree, chosen, say }) {
  const { dataset } = document.documentElement;
  const [bar, flow, panel, toggle, more, rest, full] = ["bar", "flow", "menu", "toggle", "more", "rest", "full"].map(byId);
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-nav]"));
  panel.innerHTML =
    '<div id="progress"><progress id="done"></progress><span id="count"></span></div><ul role="tree" id="tree"></ul>';
  panel.insertAdjacentHTML("afterend", '<div id="shade"></div>');
  const narrow = matchMedia("(max-width: 50rem)");
  /** @type {import("./types").Navigation | undefined} */
  let last;
  const menu = createMenu(byId("tree"), tree, t, choose, say);

  for (const element of [toggle, panel, byId("tree")]) element.ariaLabel = t("menu");
  flow.ariaLabel = t("steps");
  more.ariaLabel = t("more");
  for (const button of buttons) {
    const name = /** @type {import("./types").NavName} */ (button.dataset.nav);
    button.textContent = t(name);
    button.onclick = () => chosen(name);
  }
  rest.onclick = () => rest.hidePopover?.();
  full.textContent = t("full_screen");
  full.hidden = !document.fullscreenEnabled;
  full.onclick = () =>
    document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();

  /** On a desk the menu stands beside the content, on a phone it lies over it. */
  function drawer(open = false) {
    dataset.menu = open ? "open" : "shut";
    toggle.ariaExpanded = open;
    for (const element of [byId("content"), flow]) element.inert = open && narrow.matches;
  }
  function choose(id = "") {
    if (narrow.matches) drawer();
    chosen("choice", id);
  }
  toggle.onclick = () => {
    drawer(dataset.menu !== "open");
    if (dataset.menu === "open" && narrow.matches) menu.focus();
  };
  byId("shade").onclick = () => drawer();
  panel.onkeydown = (/** @type {KeyboardEvent} */ { key }) => {
    if (key !== "Escape" || !narrow.matches) return;
    drawer();
    toggle.focus();
  };
  narrow.onchange = () => drawer(!narrow.matches);
  drawer(!narrow.matches);
  bar.hidden = flow.hidden = false;

  return {
    update(navigation, view) {
      const { state = "", activity } = view ?? {};
      for (const button of buttons) {
        const { nav = "" } = button.dataset;
        if (view) button.hidden = !!activity?.hidden.includes(nav);
        button.disabled = state === "ended" || !navigation?.valid.includes(nav);
      }
      last = navigation ?? last;
      more.hidden = !rest.querySelector(":not([hidden])");
      if (!navigation) return;
      menu.update(navigation);
      for (const button of buttons) {
        const reason = navigation.reasons[`${button.dataset.nav}`];
        button.title = button.ariaDescription = menu.explain(reason, button.disabled ? undefined : "");
      }
      panel.hidden = toggle.hidden = !menu.useful();
      const [done, all] = menu.progress();
      const words = t("progress", { done, all });
      Object.assign(byId("done"), { max: all || 1, value: done, ariaLabel: words });
      byId("count").textContent = words;
    },
    why: (request, target) => menu.explain(last?.[request === "choice" ? "closed" : "reasons"][target ?? request], ""),
    choose() {
      if (panel.hidden) return;
      drawer(true);
      menu.focus();
    },
  };
}
