/**
 * Owns what the page shows around the content: the state on `<html>`, the panel where no content is, notes, drawer.
 * @import {Boot, SaveState, Translate} from "./types"
 */

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const NOTE_MS = 6000;

/** @param {Boot} boot @param {Translate} t */
export function createScreen(boot, t) {
  const root = document.documentElement;
  const [bar, flow, menu, panel, note, save, toggle, more, full] = [
    "bar", "flow", "menu", "panel", "note", "save", "toggle", "more", "screen",
  ].map(byId);
  const [heading, text, actions] = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("h2, p, .actions")]);
  const narrow = matchMedia("(max-width: 50rem)");
  let timer = 0;
  let durable = true;

  for (const [name, value] of Object.entries(boot.colors ?? {})) root.style.setProperty(`--scorm-${name}`, value);
  for (const element of [toggle, menu, byId("tree")]) element.ariaLabel = t("menu");
  flow.ariaLabel = t("steps");
  more.ariaLabel = t("more");
  full.textContent = t("full_screen");
  full.hidden = !document.fullscreenEnabled;
  full.addEventListener("click", () => {
    byId("rest").hidePopover?.();
    void (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
  });

  /** @param {boolean} open */
  function drawer(open) {
    root.dataset.menu = open ? "open" : "shut";
    toggle.ariaExpanded = String(open);
    for (const element of [byId("content"), flow]) element.inert = open && narrow.matches;
  }
  toggle.addEventListener("click", () => {
    drawer(root.dataset.menu !== "open");
    const entry = /** @type {HTMLElement | null} */ (menu.querySelector('[tabindex="0"]'));
    if (root.dataset.menu === "open" && narrow.matches) entry?.focus();
  });
  byId("shade").addEventListener("click", () => drawer(false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !narrow.matches) return;
    drawer(false);
    toggle.focus();
  });
  narrow.addEventListener("change", () => drawer(!narrow.matches && root.dataset.menu !== undefined));

  /** Show a sentence for a while, and have it read out. @param {string} sentence @param {boolean} [stays] */
  function say(sentence, stays = false) {
    clearTimeout(timer);
    note.textContent = sentence;
    if (!stays) timer = window.setTimeout(() => (note.textContent = ""), NOTE_MS);
  }

  return {
    say,
    /** Shut the drawer on a phone, once something was chosen there. */
    chosen: () => void (narrow.matches && drawer(false)),
    /** @param {boolean} shown @param {boolean} withMenu */
    controls(shown, withMenu) {
      bar.hidden = flow.hidden = !shown;
      toggle.hidden = menu.hidden = !withMenu;
      if (withMenu && root.dataset.menu === undefined) drawer(!narrow.matches);
      if (!withMenu) delete root.dataset.menu;
    },
    /** @param {string} words @param {number} done @param {number} all */
    progress(words, done, all) {
      const bar = /** @type {HTMLProgressElement} */ (byId("done"));
      byId("progress").hidden = !all;
      bar.max = all || 1;
      bar.value = done;
      byId("count").textContent = bar.ariaLabel = words;
    },
    /** Have the learner see the menu. */
    openMenu: () => void (menu.hidden || drawer(true)),
    /** @param {string} state @param {string | null} [reason] @param {string | null} [activity] */
    state(state, reason = null, activity = null) {
      for (const [name, value] of Object.entries({ playerReason: reason, activityId: activity, playerState: state }))
        if (value === null) delete root.dataset[name];
        else root.dataset[name] = value;
    },
    /** @param {SaveState} state @param {boolean} kept whether the browser keeps what is not saved */
    saving(state, kept) {
      const before = root.dataset.saveState;
      if (state === before && kept === durable) return;
      durable = kept;
      root.dataset.saveState = state;
      save.textContent = state === "offline" ? "" : t(state);
      // Every "saving" read out would be noise: what matters is that the connection has gone, and that it is back.
      if (state === "offline") say(t(kept ? "offline" : "offline_memory"), true);
      else if (before === "offline") say(t(state));
    },
    /**
     * Say something where the content would be; without a title, make room for content.
     * @param {string} [title] @param {string} [sentence] @param {[label: string, run: () => void][]} [buttons] @param {string} [code]
     */
    panel(title, sentence = "", buttons = [], code = "") {
      panel.hidden = !title;
      panel.dataset.code = code;
      panel.className = title === t("loading") ? "busy" : "";
      heading.textContent = title ?? "";
      text.textContent = sentence;
      const made = buttons.map(([label, run]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        button.addEventListener("click", run);
        return button;
      });
      actions.replaceChildren(...made);
    },
    /** Put the learner on the panel. */
    focusPanel: () => heading.focus(),
  };
}
