"use strict";

/* The pieces that the pictures of this course share. */
window.scenes = {
  /** A boat with her sail, standing on (0, 0). */
  boat(x, y, lean = 0, reefed = false) {
    const top = reefed ? -58 : -92;
    return `<g transform="translate(${x} ${y}) rotate(${lean})"><path class="solid" d="M-44 0C-40 14 -30 22 -20 24H26C38 20 44 10 48 0Z"/>
      <path class="ink" d="M4 0V-98"/><path d="M9 ${top}C34 ${top / 2} 42 -22 42 -8H9Z" fill="var(--foam)" stroke="var(--ink)" stroke-width="2"/>
      <path d="M-1 ${top + 8}L-34 -8H-1Z" fill="var(--warm)" stroke="var(--ink)" stroke-width="2"/></g>`;
  },

  /** One line of waves from side to side, filled downwards. */
  waves(y, height, length, shift, opacity) {
    let d = `M-${length * 2 - shift} ${y}`;
    for (let x = -length * 2 + shift; x < 800 + length * 2; x += length) {
      d += `q${length * 0.28} ${-height} ${length * 0.5} ${-height * 0.15}t${length * 0.5} ${height * 0.15}`;
    }
    return `<path class="water" d="${d}V400H-200Z" style="opacity:${opacity}"/>`;
  },
};
