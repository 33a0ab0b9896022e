/**
 * Owns the course menu: a tree of all activities the learner may see, its keyboard, and the learner's progress in it.
 * Decides nothing: what is closed, absent or done is what the server says.
 * @import {Navigation, Reason, Translate, TreeNode} from "./types"
 * @typedef {{node: TreeNode, level: number, parent: Entry | null, children: Entry[], element: HTMLElement, row: HTMLElement,
 *   name: HTMLElement, reason: HTMLElement, group: HTMLElement | null}} Entry
 */

const OPEN_ENTRIES_MAX = 40; // a longer course opens only the way to the current activity
const DONE = ["completed", "passed"];

/** @param {string} tag @param {string} className @param {string} [text] */
function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * @param {HTMLElement} host an empty `[role=tree]`
 * @param {TreeNode} root
 * @param {Translate} t
 * @param {(id: string) => void} chosen
 * @param {(text: string) => void} say tells the learner why an entry is closed
 */
export function createMenu(host, root, t, chosen, say) {
  /** @type {Entry[]} in the order of the course */
  let entries = [];
  /** @type {Map<string, Entry>} */
  let byId = new Map();
  /** @type {Map<string, boolean>} what the learner opened or shut */
  const opened = new Map();
  /** @type {Map<string, string>} */
  const titles = new Map();
  /** @type {Navigation | undefined} */
  let navigation;
  /** @type {string | undefined} */
  let built;
  let typed = "";
  let typedAt = 0;

  (function name(/** @type {TreeNode} */ node) {
    titles.set(node.id, node.title);
    node.children.forEach(name);
  })(root);

  /** @param {TreeNode} node @param {Entry | null} parent @param {Set<string>} absent @param {HTMLElement} into @returns {Entry[]} */
  function build(node, parent, absent, into) {
    // What is not shown does not hide its children: they move up to the next entry that is.
    if (!node.visible || absent.has(node.id)) return node.children.flatMap((child) => build(child, parent, absent, into));
    const element = make("li", "");
    const row = make("div", "row");
    row.dataset.choose = "";
    const name = make("span", "name", node.title);
    const reason = make("span", "reason");
    reason.id = `reason-${entries.length}`;
    reason.hidden = true;
    row.append(make("span", "toggle"), make("span", "mark"), name);
    element.append(row, reason);
    const level = parent ? parent.level + 1 : 1;
    Object.assign(element.dataset, { activityId: node.id });
    /** @type {Entry} */
    const entry = { node, level, parent, children: [], element, row, name, reason, group: null };
    entries.push(entry);
    byId.set(node.id, entry);
    const group = make("ul", "");
    entry.children = node.children.flatMap((child) => build(child, entry, absent, group));
    element.role = "treeitem";
    element.tabIndex = -1;
    element.ariaLevel = String(level);
    row.style.setProperty("--level", String(Math.max(0, level - 2)));
    if (entry.children.length) {
      group.role = "group";
      element.append((entry.group = group));
    }
    into.append(element);
    return [entry];
  }

  /** @param {Entry} entry */
  const isOpen = (entry) => entry.group !== null && entry.element.ariaExpanded === "true";
  /** @param {Entry} entry @returns {boolean} */
  const isShown = (entry) => !entry.parent || (isOpen(entry.parent) && isShown(entry.parent));
  /** @param {Entry} entry @param {boolean} open */
  const unfold = (entry, open) => void (entry.group && (entry.element.ariaExpanded = String(open)));

  /** @param {Entry} entry @param {boolean} open */
  function toggle(entry, open) {
    opened.set(entry.node.id, open);
    unfold(entry, open);
  }

  /** @param {Reason} reason */
  const because = ({ activities }) =>
    activities?.length
      ? t("closed_first", { titles: activities.map((id) => titles.get(id) ?? id).join(", ") })
      : t("closed");

  /** @param {Entry} entry */
  function choose(entry) {
    if (entry.element.ariaDisabled !== "true") return chosen(entry.node.id);
    if (entry.group) toggle(entry, !isOpen(entry));
    else if (entry.reason.textContent) say(`${entry.node.title}: ${entry.reason.textContent}`);
  }

  /** The one entry that Tab reaches. @param {Entry | undefined} entry @param {boolean} [focus] */
  function rove(entry, focus) {
    if (!entry) return;
    for (const old of host.querySelectorAll('[tabindex="0"]')) /** @type {HTMLElement} */ (old).tabIndex = -1;
    entry.element.tabIndex = 0;
    if (focus) entry.element.focus();
  }

  /** @param {Entry} entry @param {KeyboardEvent} event @returns {Entry | undefined | false} where to go; false for a key that is none of ours */
  function key(entry, event) {
    const shown = entries.filter(isShown);
    const at = shown.indexOf(entry);
    const rtl = document.dir === "rtl";
    switch (event.key) {
      case "ArrowDown":
        return shown[at + 1];
      case "ArrowUp":
        return shown[at - 1];
      case "Home":
        return shown[0];
      case "End":
        return shown[shown.length - 1];
      case rtl ? "ArrowLeft" : "ArrowRight":
        if (isOpen(entry)) return entry.children[0];
        return toggle(entry, true), entry;
      case rtl ? "ArrowRight" : "ArrowLeft":
        if (!isOpen(entry)) return entry.parent ?? entry;
        return toggle(entry, false), entry;
      case "Enter":
      case " ":
        return choose(entry), undefined;
    }
    if (event.key.length !== 1) return false;
    typed = event.timeStamp - typedAt < 700 ? typed + event.key : event.key;
    typedAt = event.timeStamp;
    const from = at + (typed.length > 1 ? 0 : 1);
    const wanted = typed.toLocaleLowerCase();
    return [...shown.slice(from), ...shown.slice(0, from)].find((one) =>
      one.node.title.toLocaleLowerCase().startsWith(wanted),
    );
  }

  /** @param {Event} event */
  const entryOf = (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest("[role=treeitem]");
    return byId.get(/** @type {HTMLElement | null} */ (item)?.dataset.activityId ?? "");
  };

  host.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const entry = entryOf(event);
    if (!entry || target.role === "group") return;
    if (target.className === "toggle" && entry.group && entry.parent) toggle(entry, !isOpen(entry));
    else choose(entry);
  });
  host.addEventListener("keydown", (event) => {
    const entry = entryOf(event);
    if (!entry || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = key(entry, event);
    if (next === false) return;
    event.preventDefault();
    rove(next, true);
  });
  host.addEventListener("focusin", (event) => rove(entryOf(event)));

  /** @param {Navigation} now */
  function rebuild(now) {
    const focused = host.contains(document.activeElement);
    const id = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.activityId;
    entries = [];
    byId = new Map();
    const fragment = document.createDocumentFragment();
    build(root, null, new Set(now.absent), /** @type {any} */ (fragment));
    host.replaceChildren(fragment);
    for (const entry of entries)
      unfold(entry, opened.get(entry.node.id) ?? (!entry.parent || entries.length <= OPEN_ENTRIES_MAX));
    rove(byId.get(id ?? "") ?? entries[0], focused);
  }

  /** @param {Entry} entry @param {Navigation} now */
  function paint({ node, element, row, reason }, now) {
    const status = now.status[node.id] ?? "not attempted";
    const why = now.closed[node.id];
    const text = why ? because(why) : "";
    const current = now.current === node.id;
    const closed = why ? "true" : "false";
    const label = `${node.title}, ${t(`status ${status}`)}`;
    if (element.dataset.status !== status) element.dataset.status = status;
    if (element.ariaDisabled !== closed) element.ariaDisabled = closed;
    if (element.ariaLabel !== label) element.ariaLabel = label;
    if ((element.ariaCurrent === "true") !== current) element.ariaCurrent = current ? "true" : null;
    if (reason.textContent === text) return;
    reason.textContent = row.title = text;
    if (text) element.setAttribute("aria-describedby", reason.id);
    else element.removeAttribute("aria-describedby");
  }

  return {
    /** @param {Navigation} now */
    update(now) {
      const absent = now.absent.join("\n");
      if (absent !== built) rebuild(now);
      built = absent;
      for (const entry of entries) paint(entry, now);
      if (now.current !== navigation?.current) {
        const current = byId.get(now.current ?? "");
        for (let up = current?.parent; up; up = up.parent) unfold(up, true);
        rove(current);
        current?.row.scrollIntoView({ block: "nearest" });
      }
      navigation = now;
    },
    /** Whether there is anything to choose from. */
    useful: () => entries.length > 1,
    /** How many of the activities that can be delivered are done. */
    progress() {
      const leaves = entries.filter(({ node }) => node.deliverable);
      return { done: leaves.filter(({ element }) => DONE.includes(element.dataset.status ?? "")).length, all: leaves.length };
    },
    /** Put the learner on the current entry, or on the first that can be chosen. */
    focus() {
      const open = entries.find(({ element, node }) => node.deliverable && element.ariaDisabled !== "true");
      const target = byId.get(navigation?.current ?? "") ?? open ?? entries[0];
      for (let up = target?.parent; up; up = up.parent) unfold(up, true);
      rove(target, true);
    },
  };
}
