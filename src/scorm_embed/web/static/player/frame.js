/**
 * Owns the frame that the content runs in: a new one for each view, so that the learner's history does not grow.
 * May not know what the content is told or tells.
 * @import {Activity} from "./types"
 */

const ALLOW = "autoplay; fullscreen; picture-in-picture; encrypted-media; clipboard-write; microphone; camera; midi; unload";

/** @param {string} feature */
const allowed = (feature) => /** @type {any} */ (document).featurePolicy?.allowsFeature(feature) ?? true;

/** @param {HTMLElement} host where the frame goes */
export function createContent(host) {
  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  /** @type {() => void} */
  let closed = () => {};
  let leaving = false; // the browser itself has fired `beforeunload`
  /** @type {WeakSet<Window>} */
  const guarded = new WeakSet();

  /** Notice a course that closes its window, also from frames of its own. @param {Window | null | undefined} content */
  function guard(content = frame?.contentWindow) {
    try {
      if (!content) return;
      content.close = () => closed();
      if (!guarded.has(content)) content.addEventListener("beforeunload", () => void (leaving = true));
      guarded.add(content);
      for (let i = 0; i < content.length; i++) guard(content[i]);
    } catch {
      // A page of another origin: nothing to be noticed there.
    }
  }

  /** Run the handlers of an event in all frames of the content. @param {Window} content @param {string} type */
  function dispatch(content, type) {
    try {
      for (let i = 0; i < content.length; i++) dispatch(content[i], type);
      content.dispatchEvent(new Event(type, { cancelable: true }));
    } catch {
      // A page of another origin.
    }
  }

  return {
    guard: () => guard(),
    open: () => frame !== null,
    focus: () => frame?.focus(),
    /** @param {Activity} activity @param {() => void} onClosed the course closed its window */
    show(activity, onClosed) {
      closed = onClosed;
      leaving = false;
      frame = document.createElement("iframe");
      frame.name = "scorm-content";
      frame.title = activity.title;
      frame.allow = ALLOW;
      frame.src = activity.url;
      frame.addEventListener("load", () => guard());
      host.append(frame);
      guard();
    },
    /**
     * Remove the content so that all its unload handlers run now. Removing a frame fires `pagehide` and, where the
     * browser still allows it, `unload`; courses that finish in the other events are served here.
     * @param {boolean} [unloading] the page itself goes away
     */
    remove(unloading = false) {
      const old = frame;
      if (!old) return;
      frame = null;
      closed = () => {};
      const content = old.contentWindow;
      if (content && !(unloading && leaving)) dispatch(content, "beforeunload");
      if (content && !allowed("unload")) dispatch(content, "unload");
      old.remove();
    },
  };
}
