// Owns what the embedding page is told, and whom: `postMessage` to the origins that the host allowed.

/** @param {import("./types").Boot} boot */
export const createMessages = ({ session_id, origins }) => (type = "state", facts = {}) => {
  if (window.parent !== window)
    for (const origin of origins)
      window.parent.postMessage({ source: "scorm_embed", type, session_id, ...facts }, origin === "self" ? location.origin : origin);
};
