/**
 * For pages that embed the player: `<scorm-player>`, DOM events on bare `<iframe>`s, and `listen` for one of them.
 *
 *     <script type="module" src="/scorm/client.js"></script>
 *     <scorm-player src="…" height="800px" label="Weather maps" allow-fullscreen></scorm-player>
 *
 * A message counts only when it comes from the frame itself and from the origin of its `src`. Events are for showing
 * things: what a learner has earned is read from the server. client.d.ts says what each name means.
 */

/** @import { Handlers, PlayerState, ScormPlayer as Declared, ScormProgress } from "./client.d.ts" */

const TYPES = ["state", "progress", "ended"];
const ALLOW = "autoplay; clipboard-write; encrypted-media; picture-in-picture; unload";
/** How long a page that has loaded may stay silent before it is shown as it is: it is no player of ours, or may not speak. */
const SILENCE_MS = 5000;

/** The player's message in an event of the window, without its envelope; null for anything else. */
function messageFrom(/** @type {MessageEvent} */ { data, source, origin }, /** @type {HTMLIFrameElement} */ frame, expected = "") {
  if (data?.source !== "scorm_embed" || !TYPES.includes(data.type)) return null;
  if (!source || source !== frame.contentWindow) return null;
  const wanted = expected || frame.dataset.scormOrigin || originOf(frame.src);
  if (!wanted || origin !== wanted) return null;
  const { source: _, type, ...detail } = data;
  return { type, detail };
}

/** The origin of an http(s) URL, or nothing. */
function originOf(url = "") {
  if (!url) return ""; // it would be the page's own
  try {
    const { protocol, origin } = new URL(url, document.baseURI);
    return /^https?:$/.test(protocol) ? origin : "";
  } catch {
    return "";
  }
}

/** @type {typeof import("./client.d.ts").listen} */
export function listen(frame, handlers, { origin } = {}) {
  const hear = (/** @type {MessageEvent} */ event) => {
    const message = messageFrom(event, frame, origin);
    if (message) handlers[/** @type {keyof Handlers} */ (message.type)]?.(message.detail);
  };
  window.addEventListener("message", hear);
  return () => window.removeEventListener("message", hear);
}

window.addEventListener("message", (event) => {
  for (const frame of document.querySelectorAll("iframe")) {
    const message = messageFrom(event, frame);
    if (message) frame.dispatchEvent(new CustomEvent(`scorm-${message.type}`, { bubbles: true, detail: message.detail }));
  }
});

const style = new CSSStyleSheet();
style.replaceSync(`
:host { display: block; position: relative; block-size: 800px; }
:host([hidden]) { display: none; }
:host(:fullscreen) { block-size: 100% !important; }
iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; }
div { position: absolute; inset: 0; overflow: auto; background: Canvas; color: CanvasText; }
div[hidden] { display: none; }
`);

/** @implements {Declared} */
export class ScormPlayer extends HTMLElement {
  static observedAttributes = ["src", "height", "label", "allow", "allow-fullscreen", "player-origin"];

  /** @type {PlayerState} */
  #state = "idle";
  /** @type {string | null} */
  #reason = null;
  /** @type {string | null} */
  #activityId = null;
  /** @type {ScormProgress | null} */
  #progress = null;
  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  #stop = () => {};
  #timer = 0;
  #parts = this.attachShadow({ mode: "open" });

  constructor() {
    super();
    this.#parts.adoptedStyleSheets = [style];
    this.#parts.innerHTML = '<div part="loading" hidden><slot name="loading"></slot></div><div part="error" hidden><slot name="error"></slot></div>';
    this.#parts.addEventListener("slotchange", () => this.#cover());
  }

  get state() { return this.#state; }
  get reason() { return this.#reason; }
  get activityId() { return this.#activityId; }
  get progress() { return this.#progress; }
  get frame() { return this.#frame; }

  get src() { return this.getAttribute("src") ?? ""; }
  set src(value) { this.setAttribute("src", value); }
  get height() { return this.getAttribute("height") ?? ""; }
  set height(value) { this.setAttribute("height", value); }
  get label() { return this.getAttribute("label") ?? ""; }
  set label(value) { this.setAttribute("label", value); }
  get allowFullscreen() { return this.hasAttribute("allow-fullscreen"); }
  set allowFullscreen(value) { this.toggleAttribute("allow-fullscreen", value); }

  connectedCallback() {
    for (const name of /** @type {const} */ (["src", "height", "label"])) this.#upgrade(name);
    this.#upgrade("allowFullscreen");
    this.#size();
    this.#load();
  }

  /** With `moveBefore` the frame goes on where it was. */
  connectedMoveCallback() {}

  disconnectedCallback() {
    this.#unload();
    this.#enter("idle");
  }

  /** @param {string} name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    if (name === "src" || name === "player-origin") this.#load();
    else if (name === "height") this.#size();
    else this.#describe();
  }

  reload() {
    if (this.isConnected) this.#load();
  }

  async fullscreen() {
    await this.requestFullscreen();
  }

  /** A property that was set before the element was defined. @param {"src" | "height" | "label" | "allowFullscreen"} name */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    Object.assign(this, { [name]: value });
  }

  #size() {
    const { height } = this;
    this.style.blockSize = /^\d+(\.\d+)?$/.test(height) ? `${height}px` : height;
  }

  /** What the frame says about itself; a changed `allow` counts from the next load. */
  #describe() {
    if (!this.#frame) return;
    this.#frame.title = this.label || "Course";
    const own = this.getAttribute("allow");
    this.#frame.allow = [ALLOW, this.allowFullscreen ? "fullscreen" : "fullscreen 'none'", own].filter(Boolean).join("; ");
  }

  /** A new frame for each address, so that the page's history does not grow. */
  #load() {
    this.#unload();
    const { src } = this;
    if (!src) return this.#enter("idle");
    const origin = originOf(src);
    if (!origin) return this.#report("error", "INVALID_SRC");
    const frame = (this.#frame = document.createElement("iframe"));
    this.#describe();
    frame.part.add("frame");
    frame.src = src;
    const expected = originOf(this.getAttribute("player-origin") ?? "") || origin;
    const hear = (/** @type {string} */ type, /** @type {any} */ detail) => this.#hear(type, detail);
    this.#stop = listen(
      frame,
      {
        state: (detail) => hear("state", detail),
        progress: (detail) => hear("progress", detail),
        ended: (detail) => hear("ended", detail),
      },
      { origin: expected },
    );
    frame.onload = () => {
      clearTimeout(this.#timer);
      if (this.#state === "loading") this.#timer = window.setTimeout(() => this.#silent(expected), SILENCE_MS);
    };
    this.#enter("loading");
    this.#parts.prepend(frame);
  }

  #unload() {
    clearTimeout(this.#timer);
    this.#stop();
    this.#frame?.remove();
    this.#frame = null;
    this.#progress = null;
  }

  /** @param {string} type @param {any} detail */
  #hear(type, detail) {
    clearTimeout(this.#timer);
    if (type === "state") {
      this.#enter(detail.state, detail.reason, detail.activity_id);
    } else if (type === "progress") {
      const { session_id: _, ...progress } = detail;
      this.#progress = progress;
    }
    this.dispatchEvent(new CustomEvent(`scorm-${type}`, { bubbles: true, composed: true, detail }));
  }

  #silent(origin = "") {
    console.warn(
      `<scorm-player>: the page at ${origin} says nothing. It is not the player, or ${location.origin} is missing in message_origins.`,
    );
    this.#report("silent");
  }

  /** What the player cannot say itself. @param {"silent" | "error"} state @param {string | null} [reason] */
  #report(state, reason = null) {
    this.#hear("state", { session_id: null, state, reason, activity_id: null });
  }

  /** @param {PlayerState} state @param {string | null} [reason] @param {string | null} [activityId] */
  #enter(state, reason = null, activityId = null) {
    this.#state = state;
    this.#reason = reason;
    this.#activityId = activityId;
    this.dataset.state = state;
    this.#cover();
  }

  /** The host's own words lie over the frame; where it has none, the player's are seen. */
  #cover() {
    const covered = { loading: this.#state === "loading", error: this.#state === "error" };
    for (const [name, wanted] of Object.entries(covered)) {
      const slot = /** @type {HTMLSlotElement} */ (this.#parts.querySelector(`slot[name=${name}]`));
      const place = /** @type {HTMLElement} */ (slot.parentElement);
      place.hidden = !wanted || !slot.assignedNodes().length;
    }
  }
}

if (!customElements.get("scorm-player")) customElements.define("scorm-player", ScormPlayer);
