/**
 * Owns what the embedding page is told, and whom: `postMessage` to the origins that the host allowed.
 * @import {Boot, Summary} from "./types"
 */

/** @param {Boot} boot */
export function createMessages(boot) {
  let before = "";

  /** @param {"state" | "progress" | "ended"} type @param {object} facts */
  function post(type, facts) {
    if (window.parent === window) return;
    const message = { source: "scorm_embed", type, session_id: boot.session_id, ...facts };
    for (const origin of boot.origins) window.parent.postMessage(message, origin === "self" ? location.origin : origin);
  }

  return {
    post,
    /** Tell what changed. @param {Summary} summary */
    progress({ completion_status, success_status, score, version }) {
      const facts = { completion_status, success_status, score, version };
      const now = JSON.stringify(facts);
      if (now !== before) post("progress", facts);
      before = now;
    },
  };
}
