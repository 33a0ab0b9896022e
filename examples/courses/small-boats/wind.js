"use strict";

const FORCES = [
  ["calm", "0", "motor", "The sea is a mirror."], ["light air", "1 to 3", "drift", "Scales of ripples, no foam."],
  ["light breeze", "4 to 6", "easy sailing", "Small wavelets with glassy crests."], ["gentle breeze", "7 to 10", "easy sailing", "Crests begin to break, here and there a white horse."],
  ["moderate breeze", "11 to 16", "good sailing", "Small waves, many white horses."], ["fresh breeze", "17 to 21", "reef", "White horses everywhere, a little spray."],
  ["strong breeze", "22 to 27", "stay in port", "Large waves with long white crests, spray."], ["near gale", "28 to 33", "stay in port", "The sea heaps up, foam is blown in streaks."],
  ["gale", "34 to 40", "stay in port", "Long high waves, their crests torn into spindrift."], ["strong gale", "41 to 47", "stay in port", "High waves that topple, dense foam, poor sight."],
];
const force = document.getElementById("force");
function blow() {
  const now = Number(force.value);
  const [name, knots, advice, says] = FORCES[now];
  const height = 2 + now * 6;
  const length = 60 + now * 24;
  const foam = Array.from({ length: Math.max(0, now - 2) * 4 }, (_, at) => {
    const x = (at * 173) % 800;
    const y = 176 + ((at * 61) % 70);
    return `<path d="M${x} ${y}q${8 + now} -6 ${16 + now * 2} 0" fill="none" stroke="var(--foam)" stroke-width="3" stroke-linecap="round"/>`;
  });
  document.getElementById("sea").innerHTML = `<rect class="sky" width="800" height="260"/>${now > 5 ? chart.cloud(500, 20, 220, 60, "cloud grey") + chart.cloud(120, 10, 260, 64, "cloud dark") : chart.cloud(560, 30, 150, 50)}
    ${scenes.waves(160, height * 0.7, length, 30, 0.35)}${now > 5 ? "" : scenes.boat(400, 168 - height * 0.2, -now * 3, now === 5)}
    ${scenes.waves(190, height, length * 1.2, 0, 0.5)}${scenes.waves(226, height * 1.2, length * 1.4, 60, 0.6)}${foam.join("")}`;
  for (const [id, text] of Object.entries({ name: `${now}, ${name}`, knots, advice, says })) document.getElementById(id).textContent = text;
  force.setAttribute("aria-valuetext", `${now}, ${name}`);
}
force.addEventListener("input", blow);
force.addEventListener("change", () => course.keep("force", force.value));
document.addEventListener("begin", () => { force.value = course.notes.force ?? force.value; blow(); });
course.begin({ suspends: () => !scorm.status().completed });
