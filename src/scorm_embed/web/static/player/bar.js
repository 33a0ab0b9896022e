// Owns the bar above a course: how far the learner is, and full screen. Loaded once the course itself is on its way.

import { byId, loadTexts, t } from "./screen.js";

/** Style and words of all that is around the course. */
export async function load() {
  const link = document.createElement("link");
  const styled = new Promise((resolve) => (link.onload = link.onerror = resolve));
  Object.assign(link, { rel: "stylesheet", href: new URL("controls.css", import.meta.url) });
  document.head.append(link);
  await Promise.all([styled, loadTexts(`controls/${document.documentElement.lang}`)]);
}

/** @type {import("./types").CreateBar} */
export function createBar() {
  const [bar, save, full] = ["bar", "save", "full"].map(byId);
  // The line is for the eyes; the words are the progress bar.
  bar.insertAdjacentHTML("afterend", '<progress id="done" aria-hidden="true"></progress>');
  save.insertAdjacentHTML("beforebegin", '<span id="count" role="progressbar"></span>');
  const [line, count] = ["done", "count"].map(byId);

  function rename() {
    full.ariaLabel = full.title = document.fullscreenElement ? t("full_screen_leave") : t("full_screen");
  }
  full.hidden = !document.fullscreenEnabled;
  full.onclick = async () => {
    try {
      await (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
    } catch {
      full.hidden = true; // the frame may not
    }
  };
  document.addEventListener("fullscreenchange", rename);
  rename();

  return {
    progress(complete, measure, done = 0, all = 0) {
      const counts = all > 1;
      const part = complete ? 1 : counts ? done / all : measure;
      const percent = part?.toLocaleString(document.documentElement.lang, { style: "percent" });
      const words = counts ? t("progress", { done, all }) : t("progress_part", { percent: `${percent}` });
      line.hidden = count.hidden = part === null;
      line.value = part ?? 0;
      count.ariaValueNow = Math.round((part ?? 0) * 100);
      count.ariaLabel = count.textContent = complete ? t("completed") : words;
    },
  };
}

/** What a course of a single activity has around it. @type {import("./types").CreateControls} */
export function createControls() {
  const bar = createBar();
  return {
    update(_, view) {
      if (view) bar.progress(view.summary.completion_status === "completed", view.summary.progress_measure);
    },
    why: () => "",
    choose() {},
  };
}
