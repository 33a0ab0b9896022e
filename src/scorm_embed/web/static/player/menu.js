// Owns the course menu: a tree of all activities the learner may see, and its keyboard. Decides nothing: what is closed,
// absent or done is what the server says.

import { t } from "./screen.js";

/** @typedef {import("./types").Entry} Entry */

const OPEN_ENTRIES_MAX = 40; // a longer course opens only the way to the current activity
const DONE = ["completed", "passed"];
/** Reasons whose activities, where there are any, are those to complete first. */
const FIRST = ["finish_first", "prerequisites", "stopped", "disabled", "nothing_to_deliver"];
/** Reasons with words of their own. Where the way is not walked but chosen, the menu is what to use. */
const WORDS = ["at_start", "forward_only", "neighbours_only", "no_choice", "attempts_used_up"];

function make(tag = "div", className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  element.dir = text && "auto";
  return element;
}

/** @type {import("./types").CreateMenu} */
export function createMenu(host, root, chosen, say) {
  /** @type {Entry[]} in the order of the course */
  let entries = [];
  /** @type {Map<string | undefined, Entry>} */
  const byId = new Map();
  /** @type {Map<string, boolean>} what the learner opened or shut */
  const opened = new Map();
  /** @type {Map<string, string>} */
  const titles = new Map();
  /** @type {import("./types").Navigation | undefined} */
  let navigation;
  let built = "-";
  let typed = "";
  let typedAt = 0;

  /** @param {typeof root} node @param {Entry | null} parent @param {Set<string>} absent @param {HTMLElement} into @returns {Entry[]} */
  function build(node, parent, absent, into, level = 1) {
    titles.set(node.id, node.title);
    // What is not shown does not hide its children: they move up to the next entry that is.
    if (!node.visible || absent.has(node.id)) return node.children.flatMap((child) => build(child, parent, absent, into, level));
    const [item, element, said, reason, group] = [make("li"), make("div", "row"), make("span", "said"), make("span"), make("ul")];
    reason.id = `reason-${entries.length}`;
    reason.hidden = true;
    element.append(make("span", "toggle"), make("span", "name", node.title));
    // A heading has nothing to do: neither status nor lock.
    if (node.deliverable || node.children.length) element.append(make("span", "mark"), said);
    element.append(reason);
    element.style.setProperty("--level", `${Math.max(0, level - 2)}`);
    element.dataset.activityId = node.id;
    Object.assign(element, { role: "treeitem", tabIndex: -1, ariaLevel: level });
    item.role = "none";
    item.append(element);
    /** @type {Entry} */
    const entry = { node, parent, children: [], element, said, reason };
    entries.push(entry);
    byId.set(node.id, entry);
    entry.children = node.children.flatMap((child) => build(child, entry, absent, group, level + 1));
    group.role = "group";
    if (entry.children.length) item.append(group);
    into.append(item);
    return [entry];
  }

  /** @param {Entry} entry */
  const isOpen = ({ element }) => element.ariaExpanded === "true";
  /** @param {Entry} entry @returns {boolean} */
  const isShown = ({ parent }) => !parent || (isOpen(parent) && isShown(parent));
  /** @param {Entry} entry */
  const isClosed = ({ element }) => element.ariaDisabled === "true";

  /** @param {Entry} entry */
  function unfold({ children, element }, open = true) {
    if (children.length) element.ariaExpanded = `${open}`;
  }
  /** @param {Entry} entry */
  function toggle(entry, open = !isOpen(entry)) {
    opened.set(entry.node.id, open);
    unfold(entry, open);
  }
  /** @param {Entry} [entry] */
  function reveal(entry) {
    for (let up = entry?.parent; up; up = up.parent) unfold(up);
  }

  /** @param {Entry} entry */
  function choose(entry) {
    const { node, children, reason } = entry;
    if (!isClosed(entry)) chosen(node.id);
    else if (children.length && entry.parent) toggle(entry);
    else say(`${node.title}: ${reason.textContent}`);
  }

  /** The one entry that Tab reaches. @param {Entry} [entry] */
  function rove(entry, focus = false) {
    if (!entry) return;
    for (const { element } of entries) if (element.tabIndex === 0) element.tabIndex = -1;
    entry.element.tabIndex = 0;
    if (focus) entry.element.focus();
  }

  /** Where a key leads; null for a key that is none of ours. @param {Entry} entry @param {KeyboardEvent} event */
  function go(entry, { key, timeStamp }) {
    const shown = entries.filter(isShown);
    const at = shown.indexOf(entry);
    if (document.dir === "rtl") key = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[key] ?? key;
    if (key === "ArrowDown") return shown[at + 1];
    if (key === "ArrowUp") return shown[at - 1];
    if (key === "Home") return shown[0];
    if (key === "End") return shown[shown.length - 1];
    if (key === "ArrowRight" && isOpen(entry)) return entry.children[0];
    if (key === "ArrowLeft" && !isOpen(entry)) return entry.parent ?? entry;
    if (key === "ArrowRight" || key === "ArrowLeft") return toggle(entry);
    const before = timeStamp - typedAt < 700 ? typed : "";
    if (key === "Enter" || (key === " " && !before)) return choose(entry);
    if (key.length > 1) return null;
    typed = before + key.toLocaleLowerCase();
    typedAt = timeStamp;
    const from = at + (typed.length > 1 ? 0 : 1);
    return [...shown.slice(from), ...shown.slice(0, from)].find(({ node }) => node.title.toLocaleLowerCase().startsWith(typed));
  }

  /** @param {Event} event */
  const entryOf = ({ target }) => {
    const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest(".row"));
    return byId.get(item?.dataset.activityId);
  };
  host.addEventListener("click", (event) => {
    const entry = entryOf(event);
    if (!entry) return;
    const { className } = /** @type {Element} */ (event.target);
    if (className === "toggle" && entry.children.length && entry.parent) toggle(entry);
    else choose(entry);
  });
  host.addEventListener("keydown", (event) => {
    const entry = entryOf(event);
    if (!entry || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = go(entry, event);
    if (next !== null) event.preventDefault();
    if (next) rove(next, true);
  });
  host.addEventListener("focusin", (event) => rove(entryOf(event)));

  /** @param {string[]} absent */
  function rebuild(absent) {
    const { activeElement } = document;
    const id = host.contains(activeElement) && /** @type {HTMLElement} */ (activeElement).dataset.activityId;
    const fresh = make();
    entries = [];
    byId.clear();
    build(root, null, new Set(absent), fresh);
    host.replaceChildren(...fresh.children);
    for (const entry of entries)
      unfold(entry, opened.get(entry.node.id) ?? (!entry.parent || entries.length <= OPEN_ENTRIES_MAX));
    rove(byId.get(id || undefined) ?? entries[0], !!id);
  }

  /** @type {import("./types").Menu["explain"]} */
  function explain(reason, otherwise = t("closed")) {
    if (!reason) return "";
    const { code, activities = [] } = reason;
    const names = activities.map((id) => titles.get(id) ?? id).join(", ");
    if (names && FIRST.includes(code)) return t("closed_first", { names });
    if (names && code === "enter_first") return t("closed enter_first", { names });
    if (code === "no_flow") return t("choosing_text");
    return WORDS.includes(code) ? t(`closed ${code}`) : otherwise;
  }

  /** @param {Entry} entry @param {import("./types").Navigation} now */
  function paint({ node: { id }, element, said, reason }, { status, closed, current }) {
    const state = status[id] ?? "not attempted";
    const why = closed[id];
    const text = explain(why);
    const disabled = why ? "true" : "false";
    // Only what changed is written: a course may have a thousand entries.
    if (element.dataset.status !== state) {
      element.dataset.status = state;
      said.textContent = t(`status ${state}`);
    }
    if (element.ariaDisabled !== disabled) element.ariaDisabled = disabled;
    if ((element.ariaCurrent === "true") !== (current === id)) element.ariaCurrent = current === id ? "true" : null;
    if (reason.textContent === text) return;
    reason.textContent = element.title = text;
    if (text) element.setAttribute("aria-describedby", reason.id);
    else element.removeAttribute("aria-describedby");
  }

  return {
    explain,
    update(now) {
      const absent = now.absent.join("\n");
      if (absent !== built) rebuild(now.absent);
      built = absent;
      for (const entry of entries) paint(entry, now);
      const current = byId.get(now.current ?? "");
      if (now.current !== navigation?.current) {
        reveal(current);
        rove(current);
        current?.element.scrollIntoView({ block: "nearest" });
      }
      navigation = now;
    },
    useful: () => entries.length > 1,
    progress() {
      const leaves = entries.filter(({ node }) => node.deliverable);
      return [leaves.filter(({ element }) => DONE.includes(`${element.dataset.status}`)).length, leaves.length];
    },
    focus() {
      const first = entries.find((entry) => entry.node.deliverable && !isClosed(entry));
      const target = byId.get(navigation?.current ?? "") ?? first ?? entries[0];
      reveal(target);
      rove(target, true);
    },
  };
}
