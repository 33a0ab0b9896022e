/*
 * Draws weather maps from a formula instead of tracing them, so that isobars, arrows and read-outs always agree.
 *
 * A chart is an <svg class="chart" viewBox="0 0 800 500"> that the page has prepared; pressures are hectopascals, places are the
 * units of the viewBox. The land is invented.
 */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 800;
  const HEIGHT = 500;

  function node(name, attributes = {}, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** A sum of bells on an even pressure: {x, y, depth, wide, high, turn} with depth below zero for a low. */
  function field(bells, even = 1013) {
    const ready = bells.map((bell) => ({ ...bell, sin: Math.sin(bell.turn || 0), cos: Math.cos(bell.turn || 0) }));
    return (x, y) => ready.reduce((sum, bell) => {
      const across = ((x - bell.x) * bell.cos + (y - bell.y) * bell.sin) / bell.wide;
      const along = ((y - bell.y) * bell.cos - (x - bell.x) * bell.sin) / bell.high;
      return sum + bell.depth * Math.exp(-(across * across + along * along));
    }, even);
  }

  /** One low over the west, one high over the south-east: the map that both courses show. */
  const day = field([
    { x: 275, y: 185, depth: -33, wide: 175, high: 130, turn: -0.35 },
    { x: 640, y: 395, depth: 16, wide: 230, high: 150, turn: -0.2 },
    { x: 90, y: 520, depth: 9, wide: 200, high: 160 },
    { x: 720, y: 20, depth: -9, wide: 200, high: 140 },
  ]);

  const STEP = 10;

  /** The field on a grid a little larger than the chart, computed once for all its lines. */
  function sample(pressure) {
    const rows = [];
    for (let y = -STEP; y <= HEIGHT + STEP; y += STEP) {
      const row = [];
      for (let x = -STEP; x <= WIDTH + STEP; x += STEP) row.push(pressure(x, y));
      rows.push(row);
    }
    return rows;
  }

  /** The lines of one pressure through a sampled field (marching squares, segments joined end to end). */
  function contour(rows, level) {
    const segments = [];
    for (let down = 0; down + 1 < rows.length; down += 1) {
      for (let across = 0; across + 1 < rows[down].length; across += 1) {
        const [x, y] = [(across - 1) * STEP, (down - 1) * STEP];
        const corners = [[x, y], [x + STEP, y], [x + STEP, y + STEP], [x, y + STEP]];
        const values = [rows[down][across], rows[down][across + 1], rows[down + 1][across + 1], rows[down + 1][across]]
          .map((value) => value - level);
        const cuts = [];
        for (let side = 0; side < 4; side += 1) {
          const from = values[side];
          const to = values[(side + 1) % 4];
          if (from < 0 === to < 0) continue;
          const part = from / (from - to);
          const [ax, ay] = corners[side];
          const [bx, by] = corners[(side + 1) % 4];
          cuts.push([ax + part * (bx - ax), ay + part * (by - ay)]);
        }
        for (let at = 0; at + 1 < cuts.length; at += 2) segments.push([cuts[at], cuts[at + 1]]);
      }
    }
    const key = ([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`;
    const ends = new Map();
    segments.forEach((segment) => segment.forEach((end) => {
      ends.set(key(end), [...(ends.get(key(end)) || []), segment]);
    }));
    const used = new Set();
    const lines = [];
    const follow = (line) => {
      for (;;) {
        const tail = line[line.length - 1];
        const onward = (ends.get(key(tail)) || []).find((segment) => !used.has(segment));
        if (!onward) return line;
        used.add(onward);
        line.push(key(onward[0]) === key(tail) ? onward[1] : onward[0]);
      }
    };
    for (const segment of segments) {
      if (used.has(segment)) continue;
      used.add(segment);
      const line = follow([segment[0], segment[1]]);
      lines.push([...follow([line[1], line[0]]).slice(2).reverse(), ...line]);
    }
    return lines.filter((line) => line.length > 6);
  }

  function path(line) {
    return `M${line.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
  }

  /** Draws the isobars every four hectopascals, each with its number where there is room: away from `avoid` and each other. */
  function isobars(svg, pressure, { every = 4, avoid = [] } = {}) {
    const group = node("g", { class: "isobars" });
    const taken = [...avoid];
    const free = ([x, y]) => x > 30 && x < WIDTH - 30 && y > 25 && y < HEIGHT - 25
      && taken.every(([tx, ty]) => Math.abs(tx - x) > 46 || Math.abs(ty - y) > 26);
    const rows = sample(pressure);
    const low = Math.min(...rows.map((row) => Math.min(...row)));
    const high = Math.max(...rows.map((row) => Math.max(...row)));
    for (let level = Math.ceil(low / every) * every; level < high; level += every) {
      for (const line of contour(rows, level)) {
        const strong = level % 20 === 0;
        group.append(node("path", { d: path(line), class: strong ? "isobar strong" : "isobar", pathLength: 1 }));
        const from = Math.floor(line.length * 0.15);
        const place = [...line.slice(from), ...line.slice(0, from)].find(free);
        if (!place || line.length < 14) continue;
        taken.push(place);
        group.append(node("text", { x: place[0].toFixed(1), y: (place[1] + 4).toFixed(1), class: "level" }, String(level)));
      }
    }
    svg.append(group);
    return group;
  }

  /** A letter for a centre, with its pressure. */
  function centre(svg, letter, x, y, value) {
    svg.append(node("g", { class: `centre ${letter === "L" ? "low" : "high"}` },
      node("text", { x, y, class: "letter" }, letter), node("text", { x, y: y + 20, class: "value" }, String(value))));
  }

  /** A front along a path: triangles (cold), half-discs (warm) or both (occluded), on the side it moves to (left of the path). */
  function front(svg, d, kind, { side = 1, gap = 34, size = 11 } = {}) {
    const group = node("g", { class: `front ${kind}` });
    const line = node("path", { d, class: "line" });
    group.append(line);
    svg.append(group);
    const length = line.getTotalLength();
    for (let at = gap * 0.6, count = 0; at < length - size; at += gap, count += 1) {
      const here = line.getPointAtLength(at);
      const ahead = line.getPointAtLength(at + 1);
      const turn = (Math.atan2(ahead.y - here.y, ahead.x - here.x) * 180) / Math.PI;
      const round = kind === "warm" || (kind === "occluded" && count % 2 === 1);
      const shape = round ? `M${-size} 0A${size} ${size} 0 0 1 ${size} 0Z` : `M${-size} 0L0 ${-size * 1.35}L${size} 0Z`;
      group.append(node("path", { d: shape, class: "symbol",
        transform: `translate(${here.x.toFixed(1)} ${here.y.toFixed(1)}) rotate(${turn.toFixed(1)}) scale(1 ${side})` }));
    }
    return group;
  }

  /** The wind at a place (northern hemisphere): low pressure to its left, turned a little towards it by the ground. */
  function wind(pressure, x, y) {
    const east = (pressure(x + 2, y) - pressure(x - 2, y)) / 4;
    const south = (pressure(x, y + 2) - pressure(x, y - 2)) / 4;
    const slope = Math.hypot(east, south) || 1e-9;
    const inward = 0.3;
    const dx = (south * Math.cos(inward) - east * Math.sin(inward)) / slope;
    const dy = (-east * Math.cos(inward) - south * Math.sin(inward)) / slope;
    const from = (Math.atan2(-dx, dy) * 180) / Math.PI;
    return { dx, dy, slope, from: (from + 360) % 360, force: Math.min(11, Math.round(25 * slope ** 0.75)) };
  }

  const POINTS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];
  const point = (degrees) => POINTS[Math.round(degrees / 45) % 8];

  /** Streaks that drift with the wind. Returns {running, toggle}; stands still for those who asked for less motion. */
  function stream(svg, pressure, count = 90) {
    const group = node("g", { class: "stream" });
    svg.append(group);
    let seed = 7;
    const draw = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
    const fresh = () => ({ x: draw() * WIDTH, y: draw() * HEIGHT, age: draw() * 160, trail: [] });
    const drops = Array.from({ length: count }, fresh);
    const lines = drops.map(() => group.appendChild(node("polyline", { class: "streak" })));

    function advance() {
      drops.forEach((drop, at) => {
        const { dx, dy, slope } = wind(pressure, drop.x, drop.y);
        const speed = 0.35 + 7.5 * slope;
        drop.x += dx * speed;
        drop.y += dy * speed;
        drop.age += 1;
        drop.trail.push([drop.x, drop.y]);
        if (drop.trail.length > 26) drop.trail.shift();
        if (drop.age > 200 || drop.x < -20 || drop.x > WIDTH + 20 || drop.y < -20 || drop.y > HEIGHT + 20) {
          drops[at] = { ...fresh(), age: 0 };
        }
        lines[at].setAttribute("points", drops[at].trail.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
        lines[at].style.opacity = String(Math.min(1, drop.age / 40, (200 - drop.age) / 40) * 0.8);
      });
    }

    for (let at = 0; at < 60; at += 1) advance();
    let running = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = () => { if (running) { advance(); window.requestAnimationFrame(tick); } };
    if (running) window.requestAnimationFrame(tick);
    return {
      get running() { return running; },
      toggle() {
        running = !running;
        if (running) window.requestAnimationFrame(tick);
        return running;
      },
    };
  }

  /** The sheet under everything: sea, invented land, a grid of meridians and parallels. */
  function sheet(svg) {
    const lines = node("g", { class: "grid" });
    for (let x = -100; x <= 900; x += 125) lines.append(node("path", { d: `M${x + (x - 400) * 0.16} 520Q${x} 250 ${x - (x - 400) * 0.1} -20` }));
    for (let y = 60; y <= 480; y += 105) lines.append(node("path", { d: `M-10 ${y + 26}Q400 ${y - 26} 810 ${y + 26}` }));
    svg.append(
      node("rect", { width: WIDTH, height: HEIGHT, class: "sea" }),
      node("path", { class: "land", d: "M800 128C772 120 764 140 738 138C706 135 700 160 672 164C646 168 650 192 622 196C602 199 596 222 572 224C548 226 540 250 552 266C566 284 548 300 528 304C500 309 492 330 506 346C522 364 506 380 484 386C456 393 448 414 466 430C486 447 476 470 452 482C440 488 436 500 436 500L800 500Z" }),
      node("path", { class: "land", d: "M392 232C414 222 428 238 422 256C416 274 432 286 424 306C416 328 430 342 414 358C396 376 366 372 352 386C336 400 318 392 326 374C334 358 354 356 352 338C350 324 334 322 340 306C346 292 364 296 366 280C368 262 372 240 392 232Z" }),
      node("path", { class: "land", d: "M296 300C314 292 326 304 322 322C318 340 300 352 282 350C264 348 262 330 272 320C280 312 284 306 296 300Z" }),
      node("path", { class: "land", d: "M600 -5C590 22 604 40 594 62C586 80 600 92 618 84C640 74 648 52 668 44C690 35 700 12 704 -5Z" }),
      lines,
    );
  }

  /** A cloud of puffs, as markup, to be put into a scene. */
  function cloud(x, y, width, height, className = "cloud") {
    const puffs = [[0.18, 0.68, 0.2], [0.38, 0.45, 0.28], [0.6, 0.4, 0.3], [0.82, 0.66, 0.2], [0.5, 0.72, 0.3]];
    const circles = puffs.map(([cx, cy, r]) =>
      `<ellipse cx="${(x + cx * width).toFixed(1)}" cy="${(y + cy * height).toFixed(1)}" rx="${(r * width).toFixed(1)}" ry="${(r * 1.15 * height).toFixed(1)}"/>`);
    return `<g class="${className}">${circles.join("")}</g>`;
  }

  window.chart = { node, field, day, isobars, centre, front, wind, point, stream, sheet, cloud };
})();
