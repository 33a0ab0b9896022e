"use strict";

/* A picture drawn by chart.js, as markup for a question. */
function drawn(paint, viewBox = "0 0 800 500") {
  const svg = chart.node("svg", { viewBox, class: "chart", "aria-hidden": "true" });
  document.body.append(svg); // lengths along a path are only known in a document
  paint(svg);
  svg.remove();
  return svg.outerHTML;
}
const sign = (kind) => drawn((svg) => chart.front(svg, "M8 30C70 20 110 20 152 30", kind, { gap: 38, size: 12 }), "0 0 160 46");

const shipMap = drawn((svg) => {
  chart.sheet(svg);
  const even = (x, y) => 1016 - (x - 400) / 40 - (y - 180) / 90;
  chart.isobars(svg, even);
  let x = 0;
  for (x = 300; even(x, 150) > 1014; x += 1); // the place halfway between 1012 and 1016
  svg.append(chart.node("circle", { cx: x, cy: 150, r: 9, class: "station" }),
    chart.node("text", { x: x + 20, y: 140, class: "letter" }, "X"));
}, "120 40 560 220");

const questions = [
  {
    id: "isobar-spacing", objective: "pressure", type: "choice",
    prompt: "Over the bay the isobars lie close together. What does that tell you about the wind there?",
    choices: [
      { id: "a", text: "It is light" },
      { id: "b", text: "It is strong" },
      { id: "c", text: "It comes from the north" },
      { id: "d", text: "Nothing: wind needs arrows" },
    ],
    correct: ["b"],
    explain: "Close isobars mean that pressure changes much over a short way. The steeper the slope, the stronger the wind.",
  },
  {
    id: "around-a-low", objective: "pressure", type: "true-false",
    prompt: "In the northern hemisphere the wind blows anticlockwise around a low.",
    choices: [{ id: "t", text: "True" }, { id: "f", text: "False" }],
    correct: ["t"],
    explain: "Anticlockwise around a low, clockwise around a high; south of the equator it is the other way round.",
  },
  {
    id: "ship-pressure", objective: "pressure", type: "numeric", unit: "hPa",
    prompt: "A ship lies at X, halfway between two isobars. What does its barometer read?",
    picture: shipMap,
    correct: [1013, 1015],
    explain: "The lines beside the ship are 1012 and 1016 hPa; halfway between them it is 1014 hPa. Anything from 1013 to 1015 counts.",
  },
  {
    id: "cold-front-signs", objective: "fronts", type: "choice",
    prompt: "What often happens while a cold front passes?",
    choices: [
      { id: "a", text: "The temperature drops" },
      { id: "b", text: "A short, heavy shower falls" },
      { id: "c", text: "Fog settles for days" },
      { id: "d", text: "The wind turns from south-west to north-west" },
    ],
    correct: ["a", "b", "d"],
    explain: "Cold air pushes under the warm air and lifts it steeply: a towering cloud, gusts and showers, and then colder air from the north-west.",
  },
  {
    id: "front-signs", objective: "fronts", type: "matching",
    prompt: "Which sign is which front?",
    sources: [
      { id: "1", text: "triangles", picture: sign("cold") },
      { id: "2", text: "half-discs", picture: sign("warm") },
      { id: "3", text: "triangles and half-discs in turn", picture: sign("occluded") },
    ],
    targets: [{ id: "a", text: "Warm front" }, { id: "b", text: "Cold front" }, { id: "c", text: "Occlusion" }],
    correct: [["1", "b"], ["2", "a"], ["3", "c"]],
    explain: "Triangles bite like cold, half-discs rise like a warm sun. Where both stand in turn, the cold front has caught up with the warm one.",
  },
  {
    id: "warm-front-clouds", objective: "fronts", type: "sequencing",
    prompt: "A warm front is coming. Put its clouds into the order in which you see them, first one on top.",
    items: [
      { id: "a", text: "Altostratus: the sun a pale disc" },
      { id: "b", text: "Cirrus: white feathers" },
      { id: "c", text: "Nimbostratus: steady rain" },
      { id: "d", text: "Cirrostratus: a ring around the sun" },
    ],
    correct: ["b", "d", "a", "c"],
    explain: "The front slopes: its highest part comes first, so the clouds sink from cirrus over cirrostratus and altostratus to the rain.",
  },
];

quiz.run({
  questions,
  passMark: 0.8,
  submit: "Hand in my answers",
  result({ right, total, part, passed, passMark, again, leave, reviews, dial }) {
    const { make } = course;
    const button = (text, name, action, look) => {
      const made = make("button", { type: "button", class: look, "data-test": name }, text);
      made.addEventListener("click", action);
      return made;
    };
    const end = () => leave({ suspend: false, navigation: "exitAll", title: "That was the course",
      text: "Everything is saved. You can close this window." });
    return [
      make("div", { class: "verdict" }, dial(part, passed), make("div", {},
        make("h2", {}, passed ? "Passed: you can read the map" : "Not yet"),
        make("p", {}, `${right} of ${total} answers are right; ${Math.ceil(passMark * total - 1e-9)} are needed. ${passed
          ? "Tomorrow morning, look at the map before you look out of the window."
          : "Look at what went wrong, then try again: the questions stay the same."}`))),
      make("div", { class: "row start" },
        ...(passed ? [] : [button("Try again", "again", again, "primary")]),
        button("Finish the course", "finish", end, passed ? "primary" : "")),
      make("h3", {}, "Your answers"),
      ...reviews(),
    ];
  },
});
