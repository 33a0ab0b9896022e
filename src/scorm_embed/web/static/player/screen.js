// Owns what every course needs around the content: the state on `<html>`, the panel where no content is, notes.

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {import("./types").Translate} t */
export function createScreen(t) {
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
    /** @param {string | null} playerReason @param {string | null} activityId */
    state(playerState = "", playerReason, activityId) {
      for (const [name, value] of Object.entries({ playerReason, activityId, playerState }))
        if (value) dataset[name] = value;
        else delete dataset[name];
    },
    /** @param {import("./types").SaveState} state */
    saving(state, kept = true) {
      const before = dataset.saveState;
      if (state + kept === shown) return;
      shown = state + kept;
      dataset.saveState = state;
      byId("save").textContent = state === "offline" ? "" : t(state);
      // Every "saving" read out would be noise: what matters is that the connection has gone, and that it is back.
      if (state === "offline") say(t(kept ? state : "offline_memory"), true);
      else if (before === "offline") say(t(state));
    },
    /** Say something where the content would be; without a title, make room for content. */
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
