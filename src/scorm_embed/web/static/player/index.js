/**
 * The player: owns what happens when. The run-time data answer the content (cmi.js, api.js), the server decides what is
 * shown (a *view*), and the other files do one thing each.
 * @import {Activity, Answer, Boot, NavName, Outcome, Start, TreeNode, View} from "./types"
 */

import { createApi } from "./api.js";
import { Cmi } from "./cmi.js";
import { createSender, pauseSeconds, post } from "./commits.js";
import { createContent } from "./frame.js";
import { openJournal } from "./journal.js";
import { createMenu } from "./menu.js";
import { createMessages } from "./messages.js";
import { createNavigation } from "./navigation.js";
import { byId, createScreen } from "./screen.js";
import { loadTexts } from "./texts.js";

/**
 * One delivery of a SCO: its data and what it has called.
 * @typedef {{cmi: Cmi, view: number, activity: string, initialized: boolean, terminated: boolean, suspends: boolean,
 *   dirty: boolean, timer: number}} Delivery
 */

/** @type {Boot} */
const boot = JSON.parse(byId("boot").textContent ?? "");
const is2004 = boot.standard !== "scorm_1_2";
const [t, { default: table }] = await Promise.all([
  loadTexts(boot.language),
  import(is2004 ? "./tables2004.js" : "./tables12.js"),
]);

const journal = openJournal(boot.run);
const screen = createScreen(boot, t);
const messages = createMessages(boot);
const content = createContent(byId("content"));
const navigation = createNavigation(t, (name) => leaveFor(name));
const RECOVERY_BYTES = 1 << 20;
const nativeClose = window.close.bind(window);

/** @type {ReturnType<typeof createSender> | undefined} */
let sender;
/** @type {ReturnType<typeof createMenu> | undefined} */
let menu;
/** @type {TreeNode | null} */
let tree = null;
/** @type {View | undefined} */
let view;
/** @type {Delivery | undefined} */
let delivery;
let state = "loading";
let closing = false; // the course closed its window
let wake = () => {}; // ends a pause before the page's start is tried again

/** @param {string} next @param {string | null} [reason] */
function enter(next, reason = null) {
  const activity = next === "running" ? (view?.activity?.id ?? null) : null;
  state = next;
  screen.state(next, reason, activity);
  messages.post("state", { state: next, reason, activity_id: activity });
}

// ---- what the content tells ---------------------------------------------------------------------------------------

/** Put what changed into a commit. @param {Delivery | undefined} from @param {boolean} [initialized] @param {boolean} [terminated] */
function collect(from, initialized = false, terminated = false) {
  if (!from) return;
  clearTimeout(from.timer);
  from.dirty = false;
  const { cmi, activity, view } = from;
  /** @type {[string, string][]} */
  const elements = [];
  // What the server clears by itself, when it sees the change that caused it, is null here and not sent.
  for (const [name, value] of cmi.takeChanges()) if (value !== null) elements.push([name, value]);
  if (!elements.length && !initialized && !terminated) return;
  for (const [name, value] of elements) if (/^cmi\.(core\.)?exit$/.test(name)) from.suspends = value === "suspend";
  const tolerated = cmi.tolerated.splice(0);
  const sent_at = new Date().toISOString();
  sender?.add({ sent_at, activity, view, initialized, terminated, elements, tolerated }, terminated && content.open());
}

/** @param {string} name @returns {"true" | "false"} `adl.nav.request_valid.*`, from what the server said last */
function isValid(name) {
  const [, request, target] = /request_valid\.(\w+)(?:\.\{target=(.*)\})?$/.exec(name) ?? [];
  const now = view?.navigation;
  const known = (/** @type {TreeNode | null} */ node) => node?.id === target || (node?.children.some(known) ?? false);
  const valid =
    request === "choice" ? known(tree) && !(target in (now?.closed ?? {}))
    : request === "jump" ? now?.jump.includes(target)
    : now?.valid.includes(request);
  return valid ? "true" : "false";
}

/** @param {Activity} activity @param {number} number of the view */
function deliver(activity, number) {
  const { strictness, limits } = boot;
  const edition = Number(boot.standard[11]) || 4;
  const cmi = new Cmi(table, activity.data, { strictness, limits, edition, navigationValid: isValid });
  /** @type {Delivery} */
  const mine = { cmi, view: number, activity: activity.id, initialized: false, terminated: false, suspends: false, dirty: false, timer: 0 };
  delivery = mine;
  const api = createApi(is2004 ? "2004" : "1.2", cmi, {
    initialize() {
      mine.terminated = false;
      content.guard();
      collect(mine, true);
      return true;
    },
    commit() {
      collect(mine);
      return true;
    },
    terminate() {
      mine.terminated = true;
      content.guard();
      collect(mine, false, true);
      return true;
    },
    changed() {
      if (mine.dirty) return;
      mine.dirty = true;
      mine.timer = window.setTimeout(() => collect(mine), boot.commit_seconds * 1000);
      sender?.touch();
    },
  });
  Object.assign(window, { [is2004 ? "API_1484_11" : "API"]: api });
  content.show(activity, () => courseClosed(mine));
}

/**
 * The course closed its window: the learner leaves, as if the page had been closed. Whatever else it does in the same
 * breath, Terminate perhaps, comes first.
 * @param {Delivery | undefined} from
 */
function courseClosed(from) {
  setTimeout(() => {
    if (!content.open() || from !== delivery || !from) return;
    closing = true;
    leaveFor(!tree && from.terminated && !from.suspends ? "exit-all" : "suspend-all");
  });
}

// ---- what the learner sees ----------------------------------------------------------------------------------------

/** @param {Answer | View} from */
function update({ navigation: now, summary }) {
  if (!view) return;
  view.navigation = now;
  navigation.update(state === "running" || state === "choosing" ? now : undefined, view.activity);
  menu?.update(now);
  const { done, all } = menu?.progress() ?? { done: 0, all: 0 };
  screen.progress(all ? t("progress", { done, all }) : "", done, all);
  screen.controls(tree !== null, menu?.useful() ?? false);
  messages.progress(summary);
}

/** @param {View} next @param {boolean} [focus] put the learner there */
function show(next, focus = false) {
  content.remove(); // its last words still belong to the view before
  collect(delivery);
  delivery = undefined;
  view = next;
  const { activity, problem } = next;
  if (problem) console.warn(`SCORM: ${problem.code} ${problem.message}`);
  state = next.state;
  update(next);
  if (next.state === "running" && activity) {
    screen.panel();
    deliver(activity, next.number);
    if (focus) content.focus();
    if (problem) screen.say(t("problem"));
  } else if (next.state === "choosing") {
    screen.panel(t("choosing"), `${problem ? `${t("problem")} ` : ""}${t("choosing_text")}`);
    screen.openMenu();
    if (focus) menu?.focus();
  } else end(next, focus);
  enter(next.state, next.state === "ended" ? next.reason : null);
  if (next.state === "ended") leavePage(next);
}

/** The text of a key, or where there is none, of another. @param {string} key @param {string} other */
const either = (key, other) => (t(key) === key ? t(other) : t(key));

/** @param {View} last @param {boolean} focus */
function end({ reason, summary }, focus) {
  const scaled = summary.score?.scaled;
  const score = scaled == null ? "" : ` ${t("score", { score: new Intl.NumberFormat(boot.language, { style: "percent" }).format(scaled) })}`;
  screen.panel(t(`ended ${reason}`), either(`ended ${reason}_text`, "ended_text") + score);
  if (focus) screen.focusPanel();
}

/** @param {View} last */
function leavePage({ reason, summary }) {
  const { completion_status, success_status, score, version } = summary;
  messages.post("ended", { reason, completion_status, success_status, score, version });
  if (boot.return_url) location.replace(boot.return_url);
  else if (closing && window.parent === window) nativeClose();
}

/** The learner's own event: the content goes first, so that what it does in leaving is part of the same request.
 * @param {NavName} request @param {string | null} [target] */
function leaveFor(request, target = null) {
  if (state !== "running" && state !== "choosing") return;
  enter("loading");
  navigation.update();
  content.remove();
  collect(delivery);
  screen.panel(t("loading"));
  sender?.navigate({ request, target });
}

// ---- what the server says ------------------------------------------------------------------------------------------

/** @param {Answer} answer @param {boolean} navigated */
function answered(answer, navigated) {
  for (const { element, code, reason } of answer.refused) console.warn(`SCORM: ${element} refused (${code}): ${reason}`);
  if (answer.view && (navigated || state === "loading" || answer.view.number !== view?.number)) show(answer.view, navigated);
  else if (navigated) void begin(); // nothing to show: let the server say where we are
  else if (state !== "loading") update(answer);
}

/** The launch is over. @param {string} code */
function refused(code) {
  content.remove();
  collect(delivery);
  delivery = undefined;
  const gone = code === "LAUNCH_SUPERSEDED";
  if (gone) sender?.leave(false); // kept aside by the server
  enter(gone ? "superseded" : "error", gone ? null : code);
  navigation.update();
  screen.controls(false, false);
  const reload = () => location.reload();
  if (gone) screen.panel(t("superseded"), t("superseded_text"), [[t("here"), reload]]);
  else screen.panel(t("error"), either(`error ${code}`, "error_text"), [[t("reload"), reload]], code);
  screen.focusPanel();
}

/** @param {() => void} again */
const unreachable = (again) => screen.panel(t("unreachable"), t("unreachable_text"), [[t("retry"), again]]);

/** What the journal still holds, as the body of `start`. @param {number} bytes how much of it fits */
function recovery(bytes) {
  const left = [];
  let whole = true;
  for (const { launch, commits } of journal.read()) {
    let fitting = 0;
    while (fitting < commits.length && bytes > 0) bytes -= commits[fitting++].length;
    if (fitting) left.push(`{"launch":${JSON.stringify(launch)},"commits":[${commits.slice(0, fitting)}]}`);
    whole &&= fitting === commits.length;
  }
  return { whole, body: `{"recover":[${left}],"language":${JSON.stringify(boot.language)}}` };
}

/** Start a run: first hand over what earlier ones left behind. */
async function begin() {
  enter("loading");
  screen.panel(t("loading"));
  sender?.stop();
  let bytes = RECOVERY_BYTES;
  for (let failures = 1; ; ) {
    const { whole, body } = recovery(bytes);
    /** @type {Outcome<Start>} */
    const outcome = await post(`${boot.run}start`, body);
    if (outcome.kind === "ok") {
      const { recovered } = outcome.data;
      for (const { launch, acknowledged } of recovered) journal.forget(launch, acknowledged);
      // More than fits into one request: once more, as long as that gets us further.
      if (!whole && bytes && recovered.some(({ acknowledged }) => acknowledged)) continue;
      return started(outcome.data);
    }
    if (outcome.kind === "fatal") return refused(outcome.code);
    if (outcome.kind === "large") {
      bytes = bytes > 1000 ? bytes / 2 : 0;
      continue;
    }
    screen.saving("offline", true);
    unreachable(() => wake());
    await new Promise((resolve) => {
      wake = () => resolve(undefined);
      setTimeout(wake, pauseSeconds(failures++, outcome.seconds) * 1000);
    });
    screen.panel(t("loading"));
  }
}

/** @param {Start} start */
function started(start) {
  const { launch } = start.view;
  tree = start.tree;
  if (tree && !menu)
    menu = createMenu(byId("tree"), tree, t, (id) => {
      screen.chosen();
      leaveFor("choice", id);
    }, screen.say);
  sender = createSender({
    boot, journal, launch, answered, refused,
    view: () => view?.number ?? 0,
    saving(save, kept) {
      screen.saving(save, kept);
      // The learner has asked for something and the server cannot be asked.
      if (save === "offline" && state === "loading") unreachable(() => sender?.retry());
    },
  });
  screen.saving("saved", true);
  show(start.view, document.hasFocus());
}

// ---- what the browser does -----------------------------------------------------------------------------------------

window.close = () => courseClosed(delivery);
window.addEventListener("online", () => {
  wake();
  sender?.retry();
});
for (const type of ["visibilitychange", "freeze"])
  document.addEventListener(type, () => {
    collect(delivery);
    sender?.retry();
  });
window.addEventListener("pagehide", () => {
  content.remove(true);
  collect(delivery);
  delivery = undefined;
  if (state !== "superseded" && state !== "error") sender?.leave(state !== "ended");
});
window.addEventListener("pageshow", (event) => event.persisted && void begin());
window.addEventListener("beforeunload", (event) => sender?.stuck() && event.preventDefault());
setInterval(() => (state === "running" || state === "choosing") && sender?.renew(), boot.renew_seconds * 1000);
void begin();
