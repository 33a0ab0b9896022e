// Owns the frame of the content: a new one for each view, so that the learner's history does not grow.

const ALLOW = "autoplay; fullscreen; picture-in-picture; encrypted-media; clipboard-write; microphone; camera; unload";
const OWN_EVENTS = ["pagehide", "unload"];

/** @param {HTMLElement} host */
export function createContent(host) {
  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  let closed = () => {};
  let unloading = false; // the browser itself has fired `beforeunload`

  /** Do something in all windows of the content that are of our origin. @param {(content: Window) => void} act */
  function each(act, content = frame?.contentWindow) {
    try {
      if (!content) return;
      for (let i = 0; i < content.length; i++) each(act, content[i]);
      act(content);
    } catch {
      // of another origin
    }
  }

  /** Notice a course that closes its window. */
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
    /** @param {import("./types").Activity} activity */
    show({ title, url }, onClosed = closed) {
      closed = onClosed;
      unloading = false;
      frame = document.createElement("iframe");
      Object.assign(frame, { name: "scorm-content", title, allow: ALLOW, src: url, onload: guard });
      host.append(frame);
      guard();
    },
    /** All unload handlers run now: removing a frame fires all such events but `beforeunload`. */
    remove(pageGoes = false) {
      const old = frame;
      if (!old) return;
      frame = null;
      closed = () => {};
      const goodbye = (/** @type {Window} */ to, type = "beforeunload") => to.dispatchEvent(new Event(type, { cancelable: true }));
      if (!pageGoes || !unloading) each(goodbye, old.contentWindow);
      // Some courses put their handlers on our window, where they die with the frame.
      for (const type of pageGoes ? OWN_EVENTS : ["beforeunload", ...OWN_EVENTS]) goodbye(window, type);
      old.remove();
    },
  };
}
