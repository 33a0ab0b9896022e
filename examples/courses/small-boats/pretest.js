"use strict";

const NAMES = { wind: "Wind and waves", fog: "Fog", storms: "Thunderstorms" };

quiz.run({
  questions: ["pre-wind", "pre-fog", "pre-storms"].map((id) => bank[id]),
  passMark: 1,
  judged: false,
  submit: "See what I know",

  // The sequencing rules read these objectives: a subject that is passed is skipped, and with all three the way to the
  // test is open at once.
  marked(objectives) {
    if (Object.values(objectives).every(({ right, total }) => right === total)) scorm.reportObjective("ready", true);
  },

  result({ objectives, right, total, leave, reviews }) {
    const { make } = course;
    const go = make("button", { type: "button", class: "primary", "data-test": "finish" }, right === total ? "On to the test" : "On to the lessons");
    go.addEventListener("click", () => leave({ suspend: false, navigation: "continue", title: "Here we go",
      text: "Everything is saved. Go on with the next part in your learning system." }));
    return [
      make("h2", {}, right === total ? "You know all three" : right === 0 ? "Then there is something to learn" : "Some of it you know"),
      make("ul", { class: "facts" }, ...Object.entries(objectives).map(([id, part]) => make("li", { "data-test": "subject", "data-subject": id,
        "data-known": String(part.right === part.total) }, make("h3", {}, NAMES[id]), make("p", {}, part.right === part.total ? "Known: this lesson is left out." : "There is a short lesson for you.")))),
      make("div", { class: "row start" }, go),
      make("h3", {}, "Your answers"),
      ...reviews(),
    ];
  },
});
