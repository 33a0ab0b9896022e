"use strict";

for (const svg of document.querySelectorAll("[data-front]")) {
  chart.front(svg, "M8 32C70 22 150 22 212 34", svg.dataset.front, { gap: 40, size: 13 });
}

/*
 * The passage: one strip of sky, two screens wide, slides over the observer. On the strip, hour h lies at x = 800 - h * 40:
 * what is ahead of the fronts comes first, from the right. The warm front touches the ground at -6, the cold front at +6.
 */
const HOUR = 40;
const at = (hour) => 800 - hour * HOUR;
const GROUND = 286;

function rain(from, to, slant, step) {
  let lines = "";
  for (let x = at(to); x <= at(from); x += step) {
    const y = 196 + ((x * 37) % 23);
    lines += `<path class="rain" d="M${x} ${y}l${-slant} ${slant * 3.2}M${x + step / 2} ${y + 42}l${-slant / 1.3} ${slant * 2}"/>`;
  }
  return lines;
}

const feathers = (hour) => `<path class="feather" d="M${at(hour)} 40c26 -14 60 -12 84 2m-74 12c20 -10 48 -8 68 2m-54 12c14 -6 30 -5 42 1"/>`;

const scene = document.getElementById("scene");
const { cloud } = chart;
scene.innerHTML = `
  <defs>
    <linearGradient id="air" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="var(--sky)"/><stop offset="1" stop-color="var(--sky-low)"/></linearGradient>
    <linearGradient id="tower" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="var(--cloud)"/><stop offset="0.45" stop-color="var(--grey-cloud)"/><stop offset="1" stop-color="var(--dark-cloud)"/></linearGradient>
  </defs>
  <rect width="800" height="340" fill="url(#air)"/>
  <circle class="sun" id="sun" cx="640" cy="72" r="30"/>
  <rect class="ground" y="${GROUND}" width="800" height="54" opacity="0.45"/>
  <g id="strip">
    <path class="coldair" d="M${at(-6)} ${GROUND}C${at(-9)} 250 ${at(-13)} 150 ${at(-19)} 30L2400 30V${GROUND}Z"/>
    <path class="warmair" d="M${at(6)} ${GROUND}C${at(6.6)} 230 ${at(7.6)} 120 ${at(9.6)} 0L2400 0L2400 30L${at(-19)} 30C${at(-13)} 150 ${at(-9)} 250 ${at(-6)} ${GROUND}Z"/>
    <path class="coldair" d="M${at(6)} ${GROUND}C${at(6.6)} 230 ${at(7.6)} 120 ${at(9.6)} 0L-900 0V${GROUND}Z"/>
    <g fill="none" stroke="var(--cloud)" stroke-width="4" stroke-linecap="round">${feathers(-17.5)}${feathers(-15.4)}${feathers(-20)}</g>
    <rect x="${at(-11.2)}" y="76" width="${2.6 * HOUR}" height="20" rx="10" class="cloud" opacity="0.85"/>
    <rect x="${at(-10.6)}" y="100" width="${2.6 * HOUR}" height="14" rx="7" class="cloud" opacity="0.7"/>
    ${cloud(at(-8.2), 112, 210, 62, "cloud grey")}${cloud(at(-6.6), 120, 220, 74, "cloud grey")}
    ${cloud(at(-4.6), 136, 200, 78, "cloud dark")}${cloud(at(-3.0), 150, 170, 66, "cloud dark")}${cloud(at(-6), 142, 180, 74, "cloud dark")}
    ${rain(-9, -4, 7, 22)}
    ${cloud(at(0.6), 186, 190, 40, "cloud grey")}${cloud(at(3.8), 190, 170, 38, "cloud grey")}${cloud(at(-1.8), 184, 150, 38, "cloud grey")}
    ${rain(5, 7.6, 13, 15)}
    <path fill="url(#tower)" transform="translate(${at(6.2)} 0)" d="M-92 206C-118 204 -122 176 -98 170C-118 152 -96 132 -76 140C-92 116 -66 100 -50 112C-70 92 -58 72 -60 62
      C-100 66 -128 56 -132 44C-90 36 -40 28 10 28C60 28 118 34 150 46C140 60 100 66 62 62C66 76 70 90 56 108C82 104 96 128 76 142C104 140 112 166 92 174C112 184 104 206 82 206Z"/>
    <path d="M${at(6.5)} 196l-14 30h12l-8 30" fill="none" stroke="var(--sun)" stroke-width="4" stroke-linejoin="round"/>
    ${cloud(at(12.4), 150, 110, 46)}${cloud(at(16), 132, 130, 54)}${cloud(at(19.5), 156, 100, 42)}
    <path d="M${at(-6)} ${GROUND}C${at(-9)} 250 ${at(-13)} 150 ${at(-19)} 30" fill="none" stroke="var(--warm)" stroke-width="3"/>
    <path d="M${at(6)} ${GROUND}C${at(6.6)} 230 ${at(7.6)} 120 ${at(9.6)} 0" fill="none" stroke="var(--cold)" stroke-width="3"/>
    <text x="${at(-6) + 14}" y="${GROUND + 24}">warm front</text><text x="${at(6) + 8}" y="${GROUND + 24}">cold front</text>
    <text x="${at(-13)}" y="${GROUND + 24}">cold air</text><text x="${at(1.4)}" y="${GROUND + 24}">warm sector</text><text x="${at(13)}" y="${GROUND + 24}">cold air</text>
  </g>
  <path class="ink" d="M0 ${GROUND}H800" opacity="0.5"/>
  <g transform="translate(400 ${GROUND})">
    <path class="ink" d="M44 0V-74"/><g id="vane" transform="translate(44 -78)"><path class="ink" d="M-17 0H17M17 0l-7 -5M17 0l-7 5M-17 -6V6"/></g>
    <path class="solid" d="M-30 0V-26L-8 -44L14 -26V0ZM-12 0V-15H-3V0Z" fill-rule="evenodd"/>
  </g>`;

const between = (points, hour) => {
  for (let i = 1; i < points.length; i += 1) {
    const [x0, y0] = points[i - 1];
    const [x1, y1] = points[i];
    if (hour <= x1) return y0 + ((y1 - y0) * (hour - x0)) / (x1 - x0);
  }
  return points[points.length - 1][1];
};
const PRESSURE = [[-18, 1016], [-6, 997], [5, 993], [6, 992], [7, 996], [18, 1015]];
const WARMTH = [[-18, 8], [-7, 7], [-5, 12], [5, 13], [7, 6], [18, 5]];
const FROM = [[-18, 200], [-8, 150], [-5, 220], [5, 225], [7, 310], [18, 300]];
const FORCE = [[-18, 3], [-7, 6], [-4, 5], [4, 5], [6, 8], [8, 6], [18, 4]];
const PHASES = [
  [-15, "cirrus", "White feathers high in the west. The barometer has begun to fall."],
  [-11, "cirrostratus", "A thin veil, a ring around the sun. The wind backs to the south-east."],
  [-9, "altostratus", "The sun is a pale disc behind grey glass. The rain is near."],
  [-6, "nimbostratus", "Steady rain from a low, even ceiling. The barometer is still falling."],
  [4, "stratus", "The warm front is through: mild and damp, drizzle, poor sight. The barometer is steady."],
  [7, "cumulonimbus", "The cold front: a dark wall, a heavy shower, gusts. The wind jumps to the north-west and the barometer upwards."],
  [18, "cumulus", "Washed air, far sight, white heaps and blue between them. Colder, and the barometer rises."],
];

const hour = document.getElementById("hour");
const put = (id, text) => { const node = document.getElementById(id); if (node.textContent !== text) node.textContent = text; };
function move() {
  const now = Number(hour.value);
  document.getElementById("strip").setAttribute("transform", `translate(${400 - at(now)} 0)`);
  const from = between(FROM, now);
  const [, sky, says] = PHASES.find(([until]) => now <= until);
  put("pressure", `${Math.round(between(PRESSURE, now))} hPa`);
  put("temperature", `${Math.round(between(WARMTH, now))} °C`);
  put("wind", `${chart.point(from)}, ${Math.round(between(FORCE, now))}`);
  put("sky", sky);
  put("says", says);
  document.getElementById("vane").setAttribute("transform", `translate(44 -78) rotate(${(from - 90).toFixed(0)})`);
  document.getElementById("sun").style.opacity = String(now > 8 ? 1 : now > -8 ? 0 : now > -11 ? 0.35 : 1);
  hour.setAttribute("aria-valuetext", `hour ${now}, ${sky}`);
}
hour.addEventListener("input", move);
hour.addEventListener("change", () => course.keep("hour", hour.value));

document.addEventListener("begin", () => {
  if (course.notes.hour) hour.value = course.notes.hour;
  move();
});
course.begin({ closing: "Everything is saved. Choose the quiz in the menu of your learning system." });
