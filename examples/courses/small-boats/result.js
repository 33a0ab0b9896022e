"use strict";

/* The last page: shows what the course knows now. Its own way out ends everything. */
const { make } = course;
scorm.start();
const passed = scorm.objective("test") === true;
const NAMES = { wind: "Wind and waves", fog: "Fog", storms: "Thunderstorms" };
document.querySelector("main").replaceChildren(make("section", { class: "step", "data-test": "result", "data-result": passed ? "passed" : "failed" },
  make("h2", {}, passed ? "Passed. A good watch to you" : "Not passed this time"),
  make("p", { class: "lead" }, passed ? "You know when to go out, and when to stay." : "Both tries are used up. You can open the lessons again whenever you like."),
  make("ul", { class: "facts" }, ...Object.keys(NAMES).map((id) => make("li", {}, make("h3", {}, NAMES[id]),
    make("p", {}, scorm.objective(id) === true ? "Known" : "Worth another look")))),
  make("div", { class: "row start" }, make("button", { type: "button", class: "primary", "data-test": "finish" }, "Finish the course"))));
document.querySelector("[data-test=finish]").addEventListener("click", () => course.leave({ suspend: false, navigation: "exitAll",
  title: "That was the course", text: "Everything is saved. You can close this window." }));
course.listen(() => false);
scorm.report(true);
scorm.commit();
document.documentElement.dataset.ready = "true";
