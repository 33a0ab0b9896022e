"use strict";

/* Joining the dots: the readings first, the isobars when the learner asks for them. */
const dots = document.getElementById("dots");
chart.sheet(dots);
const stations = [[90, 90], [180, 300], [250, 70], [330, 200], [385, 330], [420, 90], [470, 215], [520, 420], [560, 130],
  [610, 300], [690, 200], [700, 430], [90, 440], [270, 430]];
for (const [x, y] of stations) {
  dots.append(chart.node("circle", { cx: x, cy: y, r: 5, class: "station" }),
    chart.node("text", { x, y: y - 12, class: "reading" }, String(Math.round(chart.day(x, y)))));
}
const join = document.getElementById("join");
const drawIsobars = () => {
  dots.classList.add("draw");
  chart.isobars(dots, chart.day, { avoid: stations });
  document.getElementById("dots-says").textContent = "Isobars every 4 hPa. The rings in the west close around a low, those in the south-east around a high.";
  join.disabled = true;
  join.textContent = "Drawn";
};
join.addEventListener("click", () => { drawIsobars(); course.keep("joined", true); });

/* The boat: one slider, the wind computed from the same field as the lines. */
const voyage = document.getElementById("voyage");
chart.sheet(voyage);
chart.isobars(voyage, chart.day, { avoid: [[262, 170], [660, 395]] });
chart.centre(voyage, "L", 262, 172, 981);
chart.centre(voyage, "H", 660, 398, 1028);
const arrow = chart.node("g", { class: "scene" },
  chart.node("path", { class: "ink", d: "M-46 0H40M40 0L24 -10M40 0L24 10" }));
const boat = chart.node("g", { class: "scene" },
  chart.node("circle", { r: 19, class: "station" }),
  chart.node("path", { class: "solid", d: "M-11 4H11L7 11H-7ZM-1 2V-13L-10 2ZM2 2V-10L9 2Z" }));
voyage.append(arrow, boat);

const slider = document.getElementById("boat");
const put = (id, text) => { document.getElementById(id).textContent = text; };
function sail() {
  const x = 40 + 7.2 * Number(slider.value);
  const y = 330 + 40 * Math.sin(x / 130);
  const wind = chart.wind(chart.day, x, y);
  const turn = (Math.atan2(wind.dy, wind.dx) * 180) / Math.PI;
  boat.setAttribute("transform", `translate(${x} ${y})`);
  const length = 0.7 + wind.force / 7;
  arrow.setAttribute("transform", `translate(${x} ${y}) rotate(${turn}) scale(${length.toFixed(2)})`);
  const pressure = Math.round(chart.day(x, y));
  put("pressure", `${pressure} hPa`);
  put("from", chart.point(wind.from));
  put("force", `Beaufort ${wind.force}`);
  const words = wind.force >= 7 ? "The lines are packed here: near gale." : wind.force >= 5 ? "The lines lie close: a fresh breeze or more."
    : wind.force >= 3 ? "The lines leave some room: a gentle to moderate breeze." : "Hardly a line in sight: light air.";
  put("says", `${words} The low is on the left of the wind's path.`);
  slider.setAttribute("aria-valuetext", `${pressure} hectopascals, wind from the ${chart.point(wind.from)}, Beaufort ${wind.force}`);
}
slider.addEventListener("input", sail);
slider.addEventListener("change", () => course.keep("boat", slider.value));

document.addEventListener("begin", () => {
  if (course.notes.joined) drawIsobars();
  if (course.notes.boat) slider.value = course.notes.boat;
  sail();
});
course.begin();
