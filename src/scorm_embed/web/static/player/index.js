// What happens when. The run-time data answer the content; the server decides what is shown (a *view*).

import { Cmi, createApi } from "./cmi.js";
import { createSender, openJournal, pauseSeconds, post } from "./commits.js";
import { byId, createContent, createMessages, createScreen, loadTexts, t } from "./screen.js";

/** @import { Activity, Answer, Answered, Boot, Change, Chosen, Controls, Delivery, Sender, Start, TreeNode, View } from "./types" */

/** @type {Boot} */
const boot = JSON.parse(byId("boot").textContent);
const is2004 = boot.standard !== "scorm_1_2";
const [{ default: table }, languages] = await Promise.all([
  import(is2004 ? "./tables2004.js" : "./tables12.js"),
  // Only the letter of the standard knows every language.
  is2004 && boot.strictness === "conformant" ? import("./languages.js").then((codes) => codes.default) : undefined,
  loadTexts(boot.language),
]);
const RECOVERY_BYTES = 1 << 20;

const journal = openJournal(boot.journal);
const screen = createScreen();
const tell = createMessages(boot);
const content = createContent(byId("content"));
const nativeClose = window.close.bind(window);
const reload = () => location.reload();

/** @type {[Sender?, Controls?, View?, Delivery?, Parameters<Chosen>?]} */
let [sender, controls, view, delivery, asked] = [];
/** @type {TreeNode | null} */
let tree = null;
let state = "loading";
let told = ""; // progress
let closing = false; // the course closed its window
let wake = () => {}; // tries again now

/** @param {string | null} reason */
function enter(next = "", reason = null) {
  const activity_id = (next === "running" && view?.activity?.id) || null;
  state = next;
  screen.state(next, reason ?? "", activity_id ?? "");
  tell("state", { state, reason, activity_id });
}

/** Put what changed into a commit. @param {Delivery} [from] */
function collect(from = delivery, initialized = false, terminated = false) {
  if (!from) return;
  const { cmi, activity, view, timer } = from;
  clearTimeout(timer);
  from.timer = 0;
  /** @type {Change[]} */
  const elements = [];
  for (const [name, value] of cmi.takeChanges()) {
    if (/^cmi\.(core\.)?exit$/.test(name)) from.suspends = value === "suspend";
    // Lone surrogates are no Unicode.
    elements.push([name, value && value.replace(/\p{Surrogate}/gu, "\ufffd")]);
  }
  if (!elements.length && !initialized && !terminated) return;
  const commit = { sent_at: new Date().toISOString(), activity, view, initialized, terminated, elements };
  sender?.add({ ...commit, tolerated: cmi.tolerated.splice(0) }, terminated && content.open());
}

/** `adl.nav.request_valid.*` */
function isValid(name = "") {
  const [, request, target] = /valid\.(\w+)(?:\.\{target=(.*)\})?$/.exec(name) ?? [];
  const { valid, closed, jump } = /** @type {View} */ (view).navigation;
  const known = (/** @type {typeof tree} */ node) => node?.id === target || !!node?.children.some(known);
  const answer =
    request === "choice" ? known(tree) && !closed[target] : request === "jump" ? jump.includes(target) : valid.includes(request);
  return `${answer}`;
}

/** @param {Activity} activity */
function deliver(activity, view = 0) {
  const { standard, strictness, limits } = boot;
  const edition = +standard[11] || 4;
  const cmi = new Cmi(table, activity.data, { strictness, limits, edition, navigationValid: isValid, languages });
  /** @type {Delivery} */
  const mine = (delivery = { cmi, view, activity: activity.id, terminated: false, suspends: false, timer: 0 });
  const report = (initialized = false, terminated = false) => {
    mine.suspends &&= !initialized;
    mine.terminated = terminated || (mine.terminated && !initialized);
    content.guard();
    collect(mine, initialized, terminated);
    return true;
  };
  const api = createApi(is2004 ? "2004" : "1.2", cmi, {
    initialize: () => report(true),
    commit: () => report(),
    terminate: () => report(false, true),
    changed() {
      if (mine.timer) return;
      mine.timer = window.setTimeout(collect, boot.commit_seconds * 1000, mine);
      sender?.touch();
    },
  });
  Object.assign(window, { [is2004 ? "API_1484_11" : "API"]: api });
  content.show(activity, () => courseClosed(mine));
}

/** The learner leaves, after what the course does in the same breath. */
function courseClosed(from = delivery) {
  setTimeout(() => {
    if (!from || from !== delivery || !content.open()) return;
    closing = true;
    leaveFor(!tree && from.terminated && !from.suspends ? "exit-all" : "suspend-all");
  });
}

function takeAway(pageGoes = false) {
  content.remove(pageGoes);
  collect();
  delivery = undefined;
}

/** @param {View} next */
function show(next, focus = false) {
  takeAway(); // its last words still belong to the view before
  view = next;
  if (next.problem) console.warn(`SCORM: ${next.problem.code} ${next.problem.message}`);
  if (next.activity) deliver(next.activity, next.number);
  const loading = controls ? undefined : loadControls();
  if (tree && loading) void loading.then(() => view === next && announce(next, focus));
  else announce(next, focus);
}

/** What is loaded after the course; around a single activity only for full screen. */
async function loadControls() {
  if (!tree && !document.fullscreenEnabled) return;
  try {
    const scripts = Promise.all([import("./bar.js"), tree && import("./navigation.js"), tree && import("./menu.js")]);
    const [bar, several] = await scripts;
    await bar.load();
    controls ??= (several ?? bar).createControls({ tree, chosen: leaveFor, say: screen.say });
    if (!tree && view) controls.update(view.navigation, view);
  } catch {
    if (tree) refused("NOT_LOADED");
  }
}

/** @param {View} shown */
function announce({ state, reason, problem, summary, navigation }, focus = false) {
  enter(state, reason);
  update(navigation, summary);
  const note = problem ? `${t("problem")} ${(asked && controls?.why(...asked)) || ""}` : "";
  asked = undefined;
  if (state === "running") {
    screen.panel();
    screen.say(note);
    if (focus) content.focus();
  } else if (state === "choosing") {
    screen.panel(t("choosing"), `${note} ${t("choosing_text")}`);
    controls?.choose();
  } else {
    const scaled = summary.score?.scaled;
    const score = scaled == null ? "" : t("score", { score: scaled.toLocaleString(boot.language, { style: "percent" }) });
    const text = t(reason === "suspended" || reason === "abandoned" ? `${reason}_text` : "ended_text");
    const heading = screen.panel(t(`${reason}`), `${text} ${score}`);
    if (focus) heading.focus();
    tell("ended", { reason, ...JSON.parse(told) });
    if (boot.return_url) location.replace(boot.return_url);
    else if (closing && window.parent === window) nativeClose();
  }
}

/** @param {Answer["navigation"]} navigation @param {View["summary"]} summary */
function update(navigation, summary) {
  const { completion_status, success_status, score, version } = summary;
  if (view && navigation) {
    Object.assign(view, { navigation, summary });
    controls?.update(navigation, view);
  }
  const facts = { completion_status, success_status, score, version };
  const before = told;
  if ((told = JSON.stringify(facts)) !== before) tell("progress", facts);
}

/** The content goes first, so that its last words are part of the same request. @type {Chosen} */
function leaveFor(request, target = null) {
  if (state !== "running" && state !== "choosing") return;
  enter("loading");
  controls?.update(null);
  takeAway();
  screen.panel(t("loading"));
  asked = [request, target];
  sender?.navigate({ request, target });
}

/** @type {Answered} */
function answered({ refused, view: next, navigation, summary }, navigated) {
  for (const { element, code, reason } of refused) console.warn(`SCORM: ${element} refused (${code}): ${reason}`);
  if (next && (navigated || next.number !== view?.number)) show(next, navigated);
  else if (navigated) begin(); // let the server say where we are
  else if (state !== "loading") update(navigation, summary);
}

function refused(code = "") {
  takeAway();
  const gone = code === "LAUNCH_SUPERSEDED";
  if (gone) sender?.leave(false); // kept aside by the server
  enter(gone ? "superseded" : "error", gone ? null : code);
  controls?.update(null);
  if (gone) screen.panel(t("superseded"), t("superseded_text"), t("here"), reload).focus();
  else screen.panel(t("error"), t("error_text"), t("reload"), reload, code).focus();
}

const unreachable = (again = reload) => screen.panel(t("unreachable"), t("unreachable_text"), t("retry"), again);

/** The body of `start`: what the journal holds, as far as it fits. */
function recovery(bytes = 0, page = 0) {
  const left = [];
  let more = false;
  for (const [launch, commits] of journal.read()) {
    let count = 0;
    while (count < commits.length && bytes > 0) bytes -= commits[count++].length;
    if (count) left.push(`{"launch":"${launch}","commits":[${commits.slice(0, count)}]}`);
    more ||= count < commits.length;
  }
  return `{"recover":[${left}],"more":${more && !!left.length},"page":"${page}","language":"${boot.language}"}`;
}

/** Start a run. */
async function begin() {
  enter("loading");
  screen.panel(t("loading"));
  sender?.stop();
  let bytes = RECOVERY_BYTES;
  const page = Math.random();
  for (let failures = 1; ; ) {
    const outcome = await post(`${boot.run}start`, recovery(bytes, page));
    if (outcome.kind === "ok") {
      for (const { launch, acknowledged } of outcome.data.recovered) journal.forget(launch, acknowledged);
      if (outcome.data.view) return started(outcome.data);
    } else if (outcome.kind === "fatal") return refused(outcome.code);
    else if (outcome.kind === "large") bytes = bytes > 1000 ? bytes / 2 : 0;
    else {
      if (bytes > 50000) bytes /= 2; // a slow network
      screen.saving("offline");
      unreachable(() => wake());
      await new Promise((resolve) => {
        wake = () => resolve(0);
        setTimeout(wake, pauseSeconds(failures++, outcome.seconds) * 1000);
      });
      screen.panel(t("loading"));
    }
  }
}

/** @param {Start} start */
function started(start) {
  tree = start.tree;
  if (tree) document.documentElement.dataset.menu ??= innerWidth > 800 ? "open" : "shut";
  byId("bar").hidden = !tree && !document.fullscreenEnabled;
  sender = createSender({
    boot, journal, answered, refused,
    launch: start.view.launch,
    view: () => view?.number ?? 0,
    saving(save, kept) {
      screen.saving(save, kept);
      if (save === "offline" && state === "loading" && !delivery) unreachable(sender?.retry);
    },
  });
  screen.saving("saved");
  show(start.view, document.hasFocus());
  import("./tidy.js").then(({ tidy }) => tidy(boot.journal)).catch(() => {});
}

function flush() {
  collect();
  sender?.retry();
}
for (const type of ["visibilitychange", "freeze"]) document.addEventListener(type, flush);
window.addEventListener("online", () => {
  wake();
  flush();
});
window.addEventListener("pagehide", (event) => {
  if (!("persisted" in event)) return; // the one for handlers of a course
  takeAway(true);
  if (state !== "superseded" && state !== "error") sender?.leave(state !== "ended");
});
window.addEventListener("pageshow", ({ persisted }) => persisted && begin());
window.addEventListener("beforeunload", (event) => sender?.stuck() && event.preventDefault());
window.close = () => courseClosed();
setInterval(() => (state === "running" || state === "choosing") && sender?.renew(), boot.renew_seconds * 1000);
begin();
