"use strict";

/* Reads what the test has found out (objectives mapped to the course's own) and shows only what was not known. */
const { make } = course;
const POINTS = {
  wind: ["Wind and waves", ["White horses everywhere: force 5.", "Wind against current: short, steep waves.", "Twice the wind: four times the force."]],
  fog: ["Fog", ["Fog comes when damp air meets colder water, and stays until other air comes.", "Slow down, listen, go to shallow water.", "Under engine: one long blast every two minutes."]],
  storms: ["Thunderstorms", ["Heaps, then towers, then the storm.", "A cold gust: sails down at once.", "Wait thirty minutes after the last thunder."]],
};

scorm.start();
const missing = Object.keys(POINTS).filter((id) => scorm.objective(id) !== true);
document.querySelector("main").replaceChildren(make("section", { class: "step" },
  make("h2", {}, "Have another look"),
  make("p", { class: "lead" }, "Not enough answers were right this time. Here is what they were about."),
  ...missing.map((id) => make("div", { "data-test": "refresh", "data-subject": id }, make("h3", {}, POINTS[id][0]),
    make("ul", { class: "plain" }, ...POINTS[id][1].map((text) => make("li", {}, text))))),
  make("p", { class: "key" }, "If this was your first try, the test begins again. After the second one comes your result."),
  make("div", { class: "row start" }, make("button", { type: "button", class: "primary", "data-test": "finish" }, "Go on"))));
document.querySelector("[data-test=finish]").addEventListener("click", () => course.leave({ suspend: false, navigation: "continue",
  title: "Saved", text: "Go on in your learning system." }));
course.listen(() => false);
scorm.report(true);
scorm.commit();
document.documentElement.dataset.ready = "true";
