/**
 * Owns the way to the server: numbers, order, one request at a time, pauses, the last request of a page that goes away.
 * Knows nothing of SCORM and shows nothing.
 * @import {Answer, Boot, CommitBody, ElementValue, Journal, Navigate, Outcome, SaveState} from "./types"
 */

const PAUSE_SECONDS_MAX = 30;
const SPACING_MS = 1000; // between requests that nobody waits for
const TIMEOUT_MS = 30000;
const KEEPALIVE_BYTES_MAX = 63000; // browsers allow 65,536 for all such requests together
const ENVELOPE_BYTES = 500;

const headers = { "Content-Type": "application/json" };
const encoder = new TextEncoder();
/** @param {string} text */
const bytesOf = (text) => encoder.encode(text).length;

/** The pause before try `failures` + 1, with jitter, so that many players do not come back at the same moment.
 * @param {number} failures @param {number} [asked] what the server asked for, in seconds */
export const pauseSeconds = (failures, asked = 0) =>
  Math.max(asked, Math.min(PAUSE_SECONDS_MAX, 2 ** (failures - 1)) * (0.5 + Math.random() / 2));

/**
 * Post JSON and say what became of it. Only an error that the server itself has named ends a launch: a proxy's page does not.
 * @template T
 * @param {string} url @param {string} body @param {AbortSignal} [signal] @param {boolean} [keepalive]
 * @returns {Promise<Outcome<T>>}
 */
export async function post(url, body, signal = AbortSignal.timeout(TIMEOUT_MS), keepalive = false) {
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal, keepalive });
    if (response.status === 413) return { kind: "large" };
    const data = await response.json().catch(() => ({}));
    if (response.ok && data.view !== undefined) return { kind: "ok", data };
    if (response.status >= 400 && response.status < 500 && response.status !== 429 && data.code)
      return { kind: "fatal", code: data.code };
    return { kind: "retry", seconds: Math.min(300, Number(response.headers.get("Retry-After")) || 0) };
  } catch {
    return { kind: "retry", seconds: 0 };
  }
}

/** Cut a long list, so that each commit fits into one request. @param {ElementValue[]} elements @param {number} max */
function cut(elements, max) {
  /** @type {ElementValue[][]} */
  const parts = [[]];
  let size = 0;
  for (const element of elements) {
    const bytes = bytesOf(JSON.stringify(element)) + 1;
    if (size && size + bytes > max) {
      parts.push([]);
      size = 0;
    }
    parts[parts.length - 1].push(element);
    size += bytes;
  }
  return parts;
}

/**
 * The sender of one run.
 * @param {Object} options
 * @param {Boot} options.boot
 * @param {Journal} options.journal
 * @param {string} options.launch
 * @param {() => number} options.view number of the view that is shown
 * @param {(answer: Answer, navigated: boolean) => void} options.answered `navigated`: the learner's event was part of the request
 * @param {(code: string) => void} options.refused the launch is over
 * @param {(state: SaveState, kept: boolean) => void} options.saving `kept`: the journal holds all that is not saved
 */
export function createSender({ boot, journal, launch, view, answered, refused, saving }) {
  /** @type {{number: number, json: string, bytes: number, kept: boolean}[]} */
  let queue = [];
  /** @type {(Navigate & {view: number}) | null} */
  let event = null;
  /** @type {AbortController | null} */
  let running = null;
  const url = `${boot.run}commit`;
  let number = 0;
  let failures = 0;
  let changed = false; // something was set that is in no commit yet
  let stopped = false;
  let renew = false;
  let portion = boot.commit_bytes_max;
  let timer = 0;
  let due = 0;
  let last = Date.now();
  const tell = () => saving(failures ? "offline" : queue.length || changed || event ? "saving" : "saved", queue.every((commit) => commit.kept));

  /** @param {number} ms */
  function wake(ms) {
    const at = Date.now() + ms;
    if (stopped || (timer && due <= at)) return;
    clearTimeout(timer);
    due = at;
    timer = window.setTimeout(send, ms);
  }

  /** What goes into the next request, oldest first. @param {number} max bytes @param {number} alone bytes of one that is sent whatever it takes */
  function batch(max, alone) {
    let bytes = 0;
    let count = 0;
    while (count < queue.length && (bytes += queue[count].bytes) <= (count ? max : Math.max(max, alone))) count++;
    return queue.slice(0, count);
  }

  /** @param {typeof queue} commits @param {boolean} leave */
  function body(commits, leave) {
    const navigate = event && commits.length === queue.length ? { request: event.request, target: event.target } : null;
    const head = JSON.stringify({ launch, view: event ? event.view : view(), navigate, leave });
    return `${head.slice(0, -1)},"commits":[${commits.map((commit) => commit.json)}]}`;
  }

  async function send() {
    clearTimeout(timer);
    timer = 0;
    if (running || stopped || !(queue.length || event || renew)) return;
    const commits = batch(portion, Infinity);
    const sent = commits.length === queue.length ? event : null;
    const mine = (running = new AbortController());
    const text = body(commits, false);
    const timeout = setTimeout(() => mine.abort(), TIMEOUT_MS);
    last = Date.now();
    renew = false;
    /** @type {Outcome<Answer>} */
    const outcome = await post(url, text, mine.signal, document.hidden && bytesOf(text) <= KEEPALIVE_BYTES_MAX);
    clearTimeout(timeout);
    running = null;
    if (stopped) return;
    if (outcome.kind === "ok") received(outcome.data, commits, sent);
    else if (outcome.kind === "fatal") {
      stop();
      refused(outcome.code);
    } else if (outcome.kind === "large" && commits.length > 1) {
      portion = Math.max(1, portion / 2);
      wake(0);
    } else again(outcome.kind === "retry" ? outcome.seconds : PAUSE_SECONDS_MAX);
  }

  /** @param {number} [asked] */
  function again(asked) {
    failures++;
    renew ||= !queue.length && !event;
    tell();
    wake(pauseSeconds(failures, asked) * 1000);
  }

  /** @param {Answer} answer @param {typeof queue} commits @param {Navigate | null} sent */
  function received(answer, commits, sent) {
    const before = queue.length;
    journal.forget(launch, answer.acknowledged);
    queue = queue.filter((commit) => commit.number > answer.acknowledged);
    // A view that the course brought about makes the learner's event, given for the one before it, void.
    if (event && (event === sent || answer.view)) event = null;
    if (commits.length && queue.length === before) again();
    else {
      failures = 0;
      if (queue.length || event) wake(0);
      tell();
    }
    answered(answer, sent !== null);
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    running?.abort();
  }

  return {
    /** Put a commit into the journal, then into the queue. @param {CommitBody} commit @param {boolean} urgent */
    add(commit, urgent) {
      changed = false;
      const parts = cut(commit.elements, boot.commit_bytes_max - ENVELOPE_BYTES);
      parts.forEach((elements, at) => {
        const terminated = commit.terminated && at === parts.length - 1;
        const tolerated = at ? [] : commit.tolerated;
        const json = JSON.stringify({ number: ++number, ...commit, terminated, elements, tolerated });
        queue.push({ number, json, bytes: bytesOf(json) + 1, kept: journal.write(launch, number, json) });
      });
      tell();
      if (urgent || queue.some((commit) => !commit.kept)) wake(0);
      else if (!failures) wake(Math.max(0, last + SPACING_MS - Date.now()));
    },
    /** Something was set that no commit carries yet. */
    touch() {
      changed = true;
      tell();
    },
    /** Send what the learner wants, after everything that waits. @param {Navigate} navigate */
    navigate(navigate) {
      event = { ...navigate, view: view() };
      tell();
      wake(0);
    },
    /** Try now, whatever pause was running. */
    retry: send,
    /** Keep the launch alive, if nothing else has. */
    renew() {
      renew = Date.now() - last > boot.renew_seconds * 900;
      if (renew && !failures) wake(0);
    },
    /** Whether something would be lost for the server if the page went away now. */
    stuck: () => failures > 0 && (queue.length > 0 || changed || event !== null),
    idle: () => !queue.length && !event,
    /** Send with a request that outlives the page. What does not fit stays in the journal. @param {boolean} leave */
    leave(leave) {
      stop(); // its bytes count against the browsers' limit; what it carried is sent again, and numbers make that harmless
      if (!leave && !queue.length && !event) return;
      const data = body(batch(boot.commit_bytes_max, KEEPALIVE_BYTES_MAX), leave);
      if ("keepalive" in Request.prototype)
        void fetch(url, { method: "POST", headers, body: data, keepalive: true }).catch(() => {});
      else navigator.sendBeacon(url, new Blob([data], { type: headers["Content-Type"] }));
    },
    stop,
  };
}
