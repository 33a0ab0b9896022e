"use strict";

const water = document.getElementById("water");
function drift() {
  const now = Number(water.value);
  const sight = now >= 15 ? 20 : now >= 13 ? 8 : now === 12 ? 2 : now >= 10 ? 0.5 : 0.1;
  const thick = { 20: 0, 8: 0.25, 2: 0.6, 0.5: 0.88, 0.1: 0.97 }[sight];
  const says = sight >= 8 ? "The water is warmer than the dew point: a clear view across the bay." : sight >= 2 ? "The air just touches its dew point: the first haze over the water."
    : "The water cools the air below its dew point: fog, and it will stay until the wind brings other air.";
  document.getElementById("bay").innerHTML = `<rect class="sky" width="800" height="260"/><path class="ground" d="M560 170C600 150 650 140 700 146C740 150 780 140 800 136V200H560Z"/>
    <path class="solid" d="M690 146L696 66H714L720 146Z"/><path d="M694 92H716L717.500 112H692.500Z" fill="var(--warm)"/><path class="solid" d="M694 66L705 50L716 66Z"/><circle class="sun" cx="705" cy="61" r="5"/>
    ${scenes.waves(170, 5, 90, 20, 0.4)}<rect x="0" y="0" width="800" height="260" fill="var(--grey-cloud)" opacity="${thick}"/>
    ${scenes.boat(220, 196, -3)}${scenes.waves(214, 7, 120, 0, 0.55)}<rect x="0" y="0" width="800" height="260" fill="var(--grey-cloud)" opacity="${thick * 0.45}"/>`;
  for (const [id, text] of Object.entries({ degrees: `${now} °C`, sight: sight < 1 ? `${sight * 1000} m` : `${sight} km`, says })) document.getElementById(id).textContent = text;
  water.setAttribute("aria-valuetext", `${now} degrees, sight ${sight < 1 ? `${sight * 1000} metres` : `${sight} kilometres`}`);
}
water.addEventListener("input", drift);
water.addEventListener("change", () => course.keep("water", water.value));
document.addEventListener("begin", () => { water.value = course.notes.water ?? water.value; drift(); });
course.begin({ suspends: () => !scorm.status().completed });
