/*
 * Turns the sections of a page into a lesson: one section at a time, with Back and Next, a bookmark, and the way out.
 *
 * A page calls course.begin() once. Every `section.step` in <main> becomes a step; the first heading in it gets the focus
 * when the learner arrives. Nothing here knows what a lesson is about.
 */
(function () {
  "use strict";

  const seen = new Set();
  let steps = [];
  let current = 0;
  let notes = {};
  let options = {};
  let closed = false;

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  }

  const back = make("button", { type: "button", class: "quiet", "data-test": "back" }, "Back");
  const next = make("button", { type: "button", class: "primary", "data-test": "next" }, "Next");
  const where = make("p", { class: "where", "data-test": "where" });
  const dots = make("ol", { class: "dots", "aria-hidden": "true" });
  const notice = make("p", { class: "notice", role: "status", "data-test": "notice", hidden: true });

  function tell(text) {
    notice.hidden = text === "";
    notice.textContent = text;
  }

  function save() {
    scorm.remember(steps[current].id, { seen: [...seen], notes });
    if (scorm.running && !scorm.commit()) tell("Your last step is not saved yet. It will be tried again.");
  }

  function show(index, focus = true) {
    current = Math.max(0, Math.min(index, steps.length - 1));
    steps.forEach((step, at) => { step.hidden = at !== current; });
    seen.add(steps[current].id);
    const last = current === steps.length - 1;
    back.disabled = current === 0;
    back.hidden = steps.length === 1;
    back.nextElementSibling.hidden = steps.length === 1;
    next.textContent = last ? options.finish : "Next";
    next.dataset.test = last ? "finish" : "next";
    where.textContent = `Page ${current + 1} of ${steps.length}`;
    [...dots.children].forEach((dot, at) => {
      dot.className = at === current ? "here" : seen.has(steps[at].id) ? "seen" : "";
    });
    document.documentElement.dataset.step = steps[current].id;
    if (focus) {
      steps[current].querySelector("h2")?.focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    }
    const everything = steps.every((step) => seen.has(step.id));
    if (!scorm.status().completed) scorm.report(everything);
    scorm.progress(seen.size / steps.length);
    save();
    document.dispatchEvent(new CustomEvent("step", { detail: steps[current].id }));
  }

  /** Ends the page: asks for the way on, and says what to do when the learning system leaves that to the learner. */
  function leave({ suspend, navigation, title, text }) {
    if (closed) return;
    closed = true;
    const going = scorm.request(navigation);
    scorm.end(suspend);
    document.documentElement.dataset.step = "closed";
    const heading = make("h2", { tabindex: "-1" }, title);
    const panel = make("section", { class: "closed", "data-test": "closed" },
      heading, make("p", {}, going ? "One moment, the next part is being opened." : text));
    document.querySelector("main").replaceChildren(panel);
    document.querySelector(".bar")?.remove();
    heading.focus({ preventScroll: true });
  }

  function listen(suspends) {
    const end = () => { if (!closed) scorm.end(suspends()); };
    window.addEventListener("pagehide", end);
    if (!("onpagehide" in window)) window.addEventListener("unload", end);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") scorm.commit();
    });
    // A page that the browser kept for its Back button has ended; only a new load can begin again.
    window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  }

  const course = {
    make,
    tell,
    leave,
    listen,

    /** What this page wants to keep besides the place; read it after begin(), change it with keep(). */
    get notes() { return notes; },
    keep(name, value) {
      notes[name] = value;
      scorm.remember(steps[current].id, { seen: [...seen], notes });
    },

    /**
     * Starts the lesson.
     * finish: text of the last button; suspends: () => whether leaving keeps the place (default: always);
     * closing: what to tell the learner at the end when the learning system does not move on by itself.
     */
    begin(given = {}) {
      options = { finish: "Finish this lesson", suspends: () => true, navigation: "continue",
        closing: "Everything is saved. Choose the next lesson in the menu of your learning system.", ...given };
      steps = [...document.querySelectorAll("main > section.step")];
      steps.forEach((step) => step.querySelector("h2")?.setAttribute("tabindex", "-1"));
      dots.append(...steps.map(() => make("li")));
      document.querySelector("main").before(make("div", { class: "notices" }, notice));
      document.body.append(make("footer", { class: "bar" },
        make("div", { class: "inner" }, back, make("div", { class: "place" }, dots, where), next)));
      back.addEventListener("click", () => show(current - 1));
      next.addEventListener("click", () => {
        if (current < steps.length - 1) return show(current + 1);
        return leave({ suspend: options.suspends(), navigation: options.navigation,
          title: "That is the end of this part", text: options.closing });
      });
      document.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, button")) return;
        if (event.key === "ArrowRight" && current < steps.length - 1) show(current + 1);
        if (event.key === "ArrowLeft") show(current - 1);
      });

      const before = scorm.start();
      (before.memory.seen || []).forEach((id) => { if (steps.some((step) => step.id === id)) seen.add(id); });
      notes = before.memory.notes || {};
      const place = steps.findIndex((step) => step.id === before.location);
      if (scorm.standard === null) tell("Preview: this page runs outside a learning system, so nothing is saved.");
      else if (before.resuming && place > 0) tell("Welcome back. You are where you left off.");
      listen(options.suspends);
      document.dispatchEvent(new CustomEvent("begin"));
      show(Math.max(place, 0), false);
      document.documentElement.dataset.ready = "true";
    },
  };

  window.course = course;
})();
