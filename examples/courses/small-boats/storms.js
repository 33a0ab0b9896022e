"use strict";

const seconds = document.getElementById("seconds");
function count() {
  const now = Number(seconds.value);
  const near = 1.25 - now / 75;
  const says = now <= 30 ? "Near enough to be struck by the next flash. Off the water, away from masts and lone trees."
    : now <= 45 ? "Ten to fifteen kilometres: make for shore now; the storm may move at fifty kilometres an hour." : "Still far, but watch which way it goes.";
  document.getElementById("storm").innerHTML = `<rect class="sky" width="800" height="260"/>${now <= 30 ? '<rect width="800" height="260" fill="var(--dark-cloud)" opacity="0.25"/>' : ""}
    <g transform="translate(${(60 + now * 10).toFixed(0)} ${(170 - 150 * near).toFixed(0)}) scale(${near.toFixed(2)})">${chart.cloud(-60, -30, 260, 90, "cloud grey")}${chart.cloud(-90, 20, 320, 100, "cloud dark")}
    <path d="M70 110l-20 40h18l-14 44" fill="none" stroke="var(--sun)" stroke-width="6" stroke-linejoin="round" stroke-linecap="round"/><path class="rain" d="M0 120l-14 50M30 124l-14 50M110 124l-14 50M150 120l-14 50"/></g>
    ${scenes.waves(186, 10, 110, 20, 0.4)}${scenes.boat(160, 204, -4, now <= 30)}${scenes.waves(220, 12, 140, 0, 0.6)}`;
  for (const [id, text] of Object.entries({ counted: `${now} s`, distance: `${now / 3} km`, says })) document.getElementById(id).textContent = text;
  seconds.setAttribute("aria-valuetext", `${now} seconds, ${now / 3} kilometres`);
}
seconds.addEventListener("input", count);
seconds.addEventListener("change", () => course.keep("seconds", seconds.value));
document.addEventListener("begin", () => { seconds.value = course.notes.seconds ?? seconds.value; count(); });
course.begin({ suspends: () => !scorm.status().completed });
