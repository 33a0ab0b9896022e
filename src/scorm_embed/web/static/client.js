/**
 * For pages that embed the player in a bare <iframe>: turns its messages into DOM events on that iframe, which bubble.
 *
 *     <script type="module" src="…/client.js"></script>
 *     frame.addEventListener("scorm-ended", (event) => console.log(event.detail.completion_status));
 *
 * Events: `scorm-state` (state, reason, activity_id), `scorm-progress` (completion_status, success_status, score,
 * version), `scorm-ended` (reason, and what progress has); `detail` also has session_id. A message counts only if it comes
 * from a frame of this page and from the origin in its `src`, or in `data-scorm-origin` where `src` redirects elsewhere.
 * They are for showing things: what a learner has earned is read from the server.
 */

const TYPES = ["state", "progress", "ended"];

window.addEventListener("message", ({ data, source, origin }) => {
  if (data?.source !== "scorm_embed" || !TYPES.includes(data.type)) return;
  const frame = [...document.querySelectorAll("iframe")].find(({ contentWindow }) => contentWindow === source);
  if (!frame || origin !== (frame.dataset.scormOrigin ?? new URL(frame.src, location.href).origin)) return;
  const { source: _, type, ...detail } = data;
  frame.dispatchEvent(new CustomEvent(`scorm-${type}`, { bubbles: true, detail }));
});

export {};
