"use strict";

/* One page for all questions: the manifest's parameters say which (question.html?q=wind-1). */
const asked = bank[new URLSearchParams(window.location.search).get("q")];

quiz.run({
  questions: [asked],
  passMark: 1,
  submit: "Answer",
  result({ passed, leave, reviews }) {
    const { make } = course;
    const next = make("button", { type: "button", class: "primary", "data-test": "finish" }, "Go on");
    next.addEventListener("click", () => leave({ suspend: false, navigation: "continue", title: "Saved",
      text: "Your answer is saved. Go on in your learning system." }));
    return [make("h2", {}, passed ? "Right" : "Not quite"), ...reviews(), make("div", { class: "row start" }, next)];
  },
});
