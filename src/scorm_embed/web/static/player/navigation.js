// Owns what a course of several activities has around its content: buttons, menu panel. Loaded only for those.

import { createBar } from "./bar.js";
import { createMenu } from "./menu.js";
import { byId, t } from "./screen.js";

/** @type {import("./types").CreateControls} */
export function createControls({ tree: course, chosen, say }) {
  const tree = /** @type {import("./types").TreeNode} */ (course);
  const { dataset } = document.documentElement;
  const [flow, panel, toggle, more, rest, full] = ["flow", "menu", "toggle", "more", "rest", "full"].map(byId);
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-nav]"));
  panel.innerHTML = '<ul role="tree" id="tree"></ul>';
  panel.insertAdjacentHTML("beforebegin", '<div id="shade"></div>');
  const narrow = matchMedia("(max-width: 50rem)");
  const phone = matchMedia("(max-width: 30rem)");
  /** @type {import("./types").Navigation | undefined} */
  let last;
  const menu = createMenu(byId("tree"), tree, choose, say);
  const bar = createBar();
  const leaving = [...buttons].slice(0, 2);

  for (const element of [toggle, panel, byId("tree")]) element.ariaLabel = t("menu");
  flow.ariaLabel = t("steps");
  more.ariaLabel = t("more");
  for (const button of buttons) {
    const name = /** @type {import("./types").NavName} */ (button.dataset.nav);
    button.textContent = t(name);
    button.onclick = () => chosen(name);
  }
  rest.onclick = () => rest.hidePopover?.();
  rest.addEventListener("beforetoggle", () => {
    const { left, right } = more.getBoundingClientRect();
    rest.style.insetInlineEnd = `${document.dir === "rtl" ? left : innerWidth - right}px`;
  });

  /** A phone has room for the title or for words on buttons. */
  function arrange() {
    if (phone.matches) rest.prepend(...leaving);
    else full.before(...leaving);
  }
  phone.onchange = arrange;
  arrange();

  /** On a desk the menu stands beside the content, on a phone it lies over it. */
  function drawer(open = false) {
    dataset.menu = open ? "open" : "shut";
    toggle.ariaExpanded = open;
    // The heading stays, so that the page always has its main part.
    for (const element of [...byId("content").children, flow])
      if (element.tagName !== "H1") element.inert = open && narrow.matches;
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
  flow.hidden = false;

  return {
    update(navigation, view) {
      const { state = "", activity } = view ?? {};
      for (const button of buttons) {
        const { nav = "" } = button.dataset;
        if (view) button.hidden = !!activity?.hidden.includes(nav);
        button.disabled = state === "ended" || !navigation?.valid.includes(nav);
      }
      // What is over, or on its way, is only shown.
      byId("tree").ariaDisabled = state === "ended" || !navigation;
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
      const measure = view?.summary.progress_measure ?? null;
      bar.progress(navigation.status[tree.id] === "completed", measure, done, all);
    },
    why: (request, target) => menu.explain(last?.[request === "choice" ? "closed" : "reasons"][target ?? request], ""),
    choose() {
      if (panel.hidden) return;
      drawer(true);
      menu.focus();
    },
  };
}
