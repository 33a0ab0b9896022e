/** Types of client.js: `<scorm-player>`, the events that it and bare iframes get, and `listen`. */

/**
 * What is shown. Beside the player's own states: `idle`, nothing to show; `silent`, a page has loaded and says nothing,
 * because it is not the player or because this page is not among the `message_origins`.
 */
export type PlayerState = "idle" | "loading" | "running" | "choosing" | "ended" | "superseded" | "error" | "silent";

export type CompletionStatus = "not attempted" | "unknown" | "incomplete" | "completed";
export type SuccessStatus = "unknown" | "passed" | "failed";
export type EndReason = "suspended" | "exited" | "completed" | "abandoned";

/** Each part is null where it is not known. */
export interface ScormScore {
  /** From -1 to 1. */
  scaled: number | null;
  raw: number | null;
  min: number | null;
  max: number | null;
}

/** What the learner has come to. */
export interface ScormProgress {
  completion_status: CompletionStatus;
  success_status: SuccessStatus;
  score: ScormScore | null;
  /** Grows with every change of the session. */
  version: number;
}

export interface ScormStateDetail {
  /** Null where `<scorm-player>` itself reports something, and on the page that says why the player does not open. */
  session_id: string | null;
  state: Exclude<PlayerState, "idle">;
  /** Why it ended, or an error's code. */
  reason: EndReason | (string & {}) | null;
  /** The activity delivered. */
  activity_id: string | null;
}

export interface ScormProgressDetail extends ScormProgress {
  session_id: string;
}

export interface ScormEndedDetail extends ScormProgress {
  session_id: string;
  reason: EndReason;
}

export interface ScormEventMap {
  /** The player's state has changed. */
  "scorm-state": CustomEvent<ScormStateDetail>;
  /** Status, score or version have changed. */
  "scorm-progress": CustomEvent<ScormProgressDetail>;
  /** The learner has left, or the course is over. */
  "scorm-ended": CustomEvent<ScormEndedDetail>;
}

export interface Handlers {
  state?: (detail: ScormStateDetail) => void;
  progress?: (detail: ScormProgressDetail) => void;
  ended?: (detail: ScormEndedDetail) => void;
}

export interface ListenOptions {
  /** The player's origin, where the frame's `src` redirects to another one. */
  origin?: string;
}

/** Hear what the player in a bare iframe says; the function returned stops it. */
export function listen(frame: HTMLIFrameElement, handlers: Handlers, options?: ListenOptions): () => void;

/**
 * `<scorm-player>`: the player of one launch.
 *
 * Slots: `loading`, shown until the player has something to show; `error`, shown instead of the player's own words.
 * Parts: `frame`, `loading`, `error`. It takes up 800 pixels in height unless told otherwise.
 */
export class ScormPlayer extends HTMLElement {
  /** The `player_url` or `launch_url` of a launch. Another one takes the old one's place. */
  src: string;
  /** A number of pixels, or any height of CSS. */
  height: string;
  /** The frame's name for screen readers. */
  label: string;
  /** Whether player and course may fill the screen; a change counts from the next load. */
  allowFullscreen: boolean;
  /** Also in the attribute `data-state`, for style sheets. */
  readonly state: PlayerState;
  /** Why it ended, or the code of the error. `INVALID_SRC`: `src` is no http(s) URL. */
  readonly reason: string | null;
  /** The activity delivered. */
  readonly activityId: string | null;
  /** What was said last; null until something was. */
  readonly progress: ScormProgress | null;
  readonly frame: HTMLIFrameElement | null;
  /** Open `src` again. */
  reload(): void;
  /** Fill the screen; as with every request of that kind, only in answer to a click or a key. */
  fullscreen(): Promise<void>;

  addEventListener<K extends keyof ScormEventMap>(
    type: K,
    listener: (this: ScormPlayer, event: ScormEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: HTMLElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof ScormEventMap>(
    type: K,
    listener: (this: ScormPlayer, event: ScormEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "scorm-player": ScormPlayer;
  }
  /** The events bubble, from `<scorm-player>` and from bare iframes alike. */
  interface HTMLElementEventMap extends ScormEventMap {}
  interface DocumentEventMap extends ScormEventMap {}
}
