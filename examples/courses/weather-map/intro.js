"use strict";

const hero = document.getElementById("hero");
chart.sheet(hero);
chart.isobars(hero, chart.day, { avoid: [[240, 180], [660, 390], [370, 230], [440, 280], [280, 180], [300, 300], [250, 380], [330, 210]] });
const wind = chart.stream(hero, chart.day);
chart.front(hero, "M330 214C384 232 436 272 474 338", "warm");
chart.front(hero, "M330 214C336 276 300 344 226 402", "cold");
chart.front(hero, "M272 174C292 180 314 194 330 214", "occluded", { gap: 24, size: 10 });
chart.centre(hero, "L", 240, 180, 981);
chart.centre(hero, "H", 660, 398, 1028);

const pause = document.getElementById("pause");
const label = () => { pause.textContent = wind.running ? "Pause the wind" : "Let the wind blow"; };
pause.addEventListener("click", () => { wind.toggle(); label(); });
label();

// One page that is read at a glance: there is nothing to come back to, so leaving it is a normal end.
course.begin({ finish: "Begin", suspends: () => false,
  closing: "Choose the first lesson in the menu of your learning system." });
