// Owns what every course has around it: words, state on `<html>`, panel, notes, frame, messages to the embedding page.

/** @import { Activity, Boot, SaveState, Translate } from "./types" */

const ALLOW = "autoplay; fullscreen; picture-in-picture; encrypted-media; clipboard-write; microphone; camera; unload";
const OWN_EVENTS = ["pagehide", "unload"];

/** @returns {any} */
export const byId = (id = "") => document.getElementById(id);

/** @type {Record<string, string>} */
const texts = {};

/** @type {Translate} */
export const t = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(document.documentElement.lang));

export async function loadTexts(name = "") {
  try {
    Object.assign(texts, await (await fetch(new URL(`texts/${name}.json`, import.meta.url))).json());
  } catch {
    // The keys are English words.
  }
}

/** `postMessage` to the origins that the host allowed. @param {Boot} boot */
export const createMessages = ({ session_id, origins }) => (type = "", facts = {}) => {
  if (window.parent !== window)
    for (const origin of origins)
      window.parent.postMessage({ source: "scorm_embed", type, session_id, ...facts }, origin === "self" ? location.origin : origin);
};

export function createScreen() {
  const { dataset } = document.documentElement;
  const panel = byId("panel");
  let timer = 0;
  let shown = "";

  function say(sentence = "", stays = false) {
    clearTimeout(timer);
    byId("note").textContent = sentence;
    if (sentence && !stays) timer = window.setTimeout(say, 6000);
  }

  return {
    say,
    state(playerState = "", playerReason = "", activityId = "") {
      for (const [name, value] of Object.entries({ playerReason, activityId, playerState }))
        if (value) dataset[name] = value;
        else delete dataset[name];
    },
    /** @param {SaveState} state */
    saving(state, kept = true) {
      const before = dataset.saveState;
      if (state + kept === shown) return;
      shown = state + kept;
      dataset.saveState = state;
      byId("save").textContent = state === "offline" ? "" : t(state);
      // Every "saving" read out would be noise.
      if (state === "offline") say(t(kept ? state : "offline_memory"), true);
      else if (before === "offline") say(t(state));
    },
    /** Say something in the content's place; without a title, make room for it. */
    panel(title = "", sentence = "", label = "", run = () => {}, code = "") {
      const [heading, text, button] = panel.children;
      panel.hidden = !title;
      panel.dataset.code = code;
      heading.textContent = title;
      text.textContent = sentence;
      button.hidden = !label;
      button.textContent = label;
      button.onclick = run;
      return heading;
    },
  };
}

/** A new frame for each view, so that histories do not grow. @param {HTMLElement} host */
export function createContent(host) {
  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  let closed = () => {};
  let unloading = false; // `beforeunload` was fired

  /** In all windows of our origin. @param {(content: Window) => void} act */
  function each(act, content = frame?.contentWindow) {
    try {
      if (!content) return;
      for (let i = 0; i < content.length; i++) each(act, content[i]);
      act(content);
    } catch {
      // of another origin
    }
  }

  const guard = () =>
    each((content) => {
      content.close = () => closed();
      content.addEventListener("beforeunload", noticed);
    });
  const noticed = () => void (unloading = true);

  return {
    guard,
    open: () => !!frame,
    focus: () => frame?.focus(),
    /** @param {Activity} activity */
    show({ title, url }, onClosed = closed) {
      closed = onClosed;
      unloading = false;
      frame = document.createElement("iframe");
      Object.assign(frame, { name: "scorm-content", title, allow: ALLOW, src: url, onload: guard });
      host.append(frame);
      guard();
    },
    /** Removing a frame fires all its unload events but `beforeunload`. */
    remove(pageGoes = false) {
      const old = frame;
      if (!old) return;
      frame = null;
      closed = () => {};
      const goodbye = (/** @type {Window} */ to, type = "beforeunload") => to.dispatchEvent(new Event(type, { cancelable: true }));
      if (!pageGoes || !unloading) each(goodbye, old.contentWindow);
      // Handlers of the course on our window die with the frame.
      for (const type of pageGoes ? OWN_EVENTS : ["beforeunload", ...OWN_EVENTS]) goodbye(window, type);
      old.remove();
    },
  };
}
