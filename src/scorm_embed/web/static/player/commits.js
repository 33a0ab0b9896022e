// Owns the way to the server: journal, numbers, one request at a time, pauses, last words. Knows nothing of SCORM.

/** @import { Answer, Change, CreateSender, Navigate, OpenJournal, Outcome, Post, Waiting } from "./types" */

const PAUSE_SECONDS_MAX = 30;
const SPACING_MS = 1000; // where nobody waits
const TIMEOUT_MS = 30000;
const KEEPALIVE_BYTES_MAX = 63000; // browsers allow 65,536 for all together
const COMMIT_BYTES_MAX = 49152; // so that a page that goes away can send at least one
const ENVELOPE_BYTES = 500;

const bytesOf = (text = "") => new TextEncoder().encode(text).length;
const request = (body = "", keepalive = false) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body,
  keepalive,
});

/** With jitter, lest all players come back at once. */
export const pauseSeconds = (failures = 1, asked = 0) =>
  Math.max(asked, Math.min(PAUSE_SECONDS_MAX, 2 ** (failures - 1)) * (0.5 + Math.random() / 2));

/** @type {Post} */
export async function post(url, body, signal = AbortSignal.timeout(TIMEOUT_MS), keepalive = false) {
  try {
    const response = await fetch(url, { ...request(body, keepalive), signal });
    const { status } = response;
    if (status === 413) return { kind: "large" };
    const data = await response.json();
    if (response.ok && data.view !== undefined) return { kind: "ok", data };
    // Only an error that our own server names ends a launch, not some proxy's page.
    if (status >= 400 && status < 500 && status !== 429 && data.code) return { kind: "fatal", code: data.code };
    return { kind: "retry", seconds: Math.min(300, Number(response.headers.get("Retry-After")) || 0) };
  } catch {
    return { kind: "retry", seconds: 0 };
  }
}

/** Each commit must fit into one request. @param {Change[]} elements */
function cut(elements, max = 0) {
  const parts = [elements.slice(0, 0)];
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

/** What the browser keeps until the server has it. @type {OpenJournal} */
export function openJournal(prefixes) {
  /** @type {Storage | undefined} */
  let storage;
  try {
    storage = window.localStorage;
  } catch {
    // Blocked: memory must do.
  }

  // In order.
  const entries = () =>
    Object.keys(storage ?? {})
      .filter((key) => prefixes.some((prefix) => key.startsWith(prefix)))
      .map((key) => [key, ...key.slice(key.lastIndexOf(":") + 1).split("#")])
      .sort((a, b) => a[1].localeCompare(b[1], "en", { numeric: true }) || +a[2] - +b[2]);

  return {
    write(launch, number, json) {
      try {
        storage?.setItem(`${prefixes[0]}${launch}#${number}`, json);
        return !!storage;
      } catch {
        return false; // full
      }
    },
    forget(launch, upTo) {
      for (const [key, of, number] of entries()) if (of === launch && +number <= upTo) storage?.removeItem(key);
    },
    read() {
      /** @type {Map<string, string[]>} */
      const launches = new Map();
      for (const [key, launch] of entries()) {
        const json = storage?.getItem(key) ?? "";
        try {
          JSON.parse(json);
          launches.set(launch, [...(launches.get(launch) ?? []), json]);
        } catch {
          // Not ours.
        }
      }
      return [...launches];
    },
  };
}

/** @type {CreateSender} */
export function createSender({ boot, journal, launch, view, answered, refused, saving }) {
  const url = `${boot.run}commit`;
  /** @type {Waiting[]} */
  let queue = [];
  /** @type {Navigate & {view: number} | null} */
  let event = null;
  /** @type {AbortController | null} */
  let running = null;
  let changed = false; // something is in no commit yet
  let renew = false;
  let stopped = false;
  let number = 0;
  let failures = 0;
  let portion = boot.commit_bytes_max;
  let timer = 0;
  let due = 0;
  let last = performance.now();

  const tell = () =>
    saving(
      failures ? "offline" : queue.length || changed || event ? "saving" : "saved",
      queue.every(({ kept }) => kept),
    );

  function wake(ms = 0) {
    const at = performance.now() + ms;
    if (stopped || (timer && due <= at)) return;
    clearTimeout(timer);
    due = at;
    timer = window.setTimeout(send, ms);
  }

  // Oldest first. One commit goes whatever its size, up to `alone`.
  function batch(max = 0, alone = Infinity) {
    let bytes = 0;
    let count = 0;
    while (count < queue.length && (bytes += queue[count].bytes) <= (count ? max : Math.max(max, alone))) count++;
    return queue.slice(0, count);
  }

  function body(commits = queue, leave = false) {
    const navigate = event && commits.length === queue.length ? { ...event, view: undefined } : null;
    const head = JSON.stringify({ launch, view: event?.view ?? view(), navigate, leave });
    return `${head.slice(0, -1)},"commits":[${commits.map(({ json }) => json)}]}`;
  }

  async function send() {
    clearTimeout(timer);
    timer = 0;
    if (running || stopped || !(queue.length || event || renew)) return;
    const commits = batch(portion);
    const sent = commits.length === queue.length ? event : null;
    const text = body(commits);
    const mine = (running = new AbortController());
    const timeout = setTimeout(() => mine.abort(), TIMEOUT_MS);
    last = performance.now();
    renew = false;
    const outcome = await post(url, text, mine.signal, document.hidden && bytesOf(text) < KEEPALIVE_BYTES_MAX);
    clearTimeout(timeout);
    running = null;
    if (stopped) return;
    if (outcome.kind === "fatal") {
      stop();
      refused(outcome.code);
    } else if (outcome.kind === "large" && commits.length > 1) {
      portion /= 2;
      wake();
    } else if (outcome.kind !== "ok") {
      if (mine.signal.aborted && portion > COMMIT_BYTES_MAX) portion /= 2; // a slow network
      again(outcome.kind === "retry" ? outcome.seconds : PAUSE_SECONDS_MAX);
    } else {
      const { acknowledged, view } = outcome.data;
      journal.forget(launch, acknowledged);
      const before = queue.length;
      queue = queue.filter((commit) => commit.number > acknowledged);
      // A view of the course makes the learner's event void.
      if (event && (event === sent || view)) event = null;
      if (commits.length && queue.length === before) again();
      else {
        failures = 0;
        if (queue.length || event) wake();
        tell();
      }
      answered(outcome.data, !!sent);
    }
  }

  function again(asked = 0) {
    failures++;
    renew ||= !queue.length && !event;
    tell();
    wake(pauseSeconds(failures, asked) * 1000);
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    running?.abort();
  }

  return {
    stop,
    retry: send,
    stuck: () => failures > 0 && (queue.length > 0 || changed || !!event),
    add(commit, urgent) {
      changed = false;
      const parts = cut(commit.elements, Math.min(boot.commit_bytes_max, COMMIT_BYTES_MAX) - ENVELOPE_BYTES);
      parts.forEach((elements, at) => {
        const terminated = commit.terminated && at === parts.length - 1;
        const json = JSON.stringify({ number: ++number, ...commit, terminated, elements });
        queue.push({ number, json, bytes: bytesOf(json) + 1, kept: journal.write(launch, number, json) });
      });
      tell();
      if (urgent || queue.some(({ kept }) => !kept)) wake();
      else if (!failures) wake(Math.max(0, last + SPACING_MS - performance.now()));
    },
    touch() {
      changed = true;
      tell();
    },
    navigate(navigate) {
      event = { ...navigate, view: view() };
      tell();
      wake();
    },
    renew() {
      renew = performance.now() - last > boot.renew_seconds * 900;
      if (renew && !failures) wake();
    },
    leave(leave) {
      stop(); // its bytes count against the limit; what it carried may safely go again
      if (!leave && !queue.length && !event) return;
      const data = body(batch(Math.min(boot.commit_bytes_max, KEEPALIVE_BYTES_MAX), KEEPALIVE_BYTES_MAX), leave);
      if ("keepalive" in Request.prototype) fetch(url, request(data, true)).catch(() => {});
      else navigator.sendBeacon(url, new Blob([data], { type: "application/json" }));
    },
  };
}
