// The API object content talks to: states and last error around the run-time data, for both standards, as in
// core/datamodel/api.py. What happens at Initialize, Commit and Terminate is the player's, through hooks.

/**
 * @typedef {import("./datamodel").Call} Call
 * @param {"1.2" | "2004"} version
 * @param {import("./cmi.js").Cmi} cmi
 * @param {import("./datamodel").Hooks} hooks
 * @returns {Record<string, any>} `API` or `API_1484_11`
 */
export function createApi(version, cmi, hooks) {
  const { calls, errors, states } = cmi.table;
  const [initialize, terminate, get, set, commit, lastError, errorString, diagnostic] = calls;
  let state = 0; // not initialized, running, terminated
  let error = "0";
  let told = "";

  /** @param {any} argument */
  const text = (argument) => (argument == null && cmi.tolerant ? "" : String(argument));
  /** @param {number} code @param {string} [diagnostic] */
  const done = (code, diagnostic = "") => {
    error = String(code);
    told = diagnostic;
    return code ? "false" : "true";
  };
  /** @param {Call} call */
  const misplaced = (call) => {
    const code = call[state + 1];
    if (code) done(+code, states[state].replace("{e}", (state > 1 ? terminate : initialize)[0]));
    return code;
  };
  /** @param {Call} call @param {any} argument */
  const misused = (call, argument) => {
    if (argument === "") return false;
    if (argument != null || !cmi.tolerant) return done(201, states[3].replace("{e}", call[0]));
    cmi.note(call[0], "argument");
  };
  /** @param {Call} call @param {() => boolean} hook @param {number} after */
  const carryOut = (call, hook, after) => {
    if (!hook()) return done(call[4], states[4].replace("{e}", call[0]));
    state = after;
    return done(0);
  };

  return {
    ...(version === "2004" && { version: "1.0" }),
    [initialize[0]](/** @type {any} */ argument) {
      const again = state > 1 && cmi.tolerant;
      if ((state > 1 && !again && misplaced(initialize)) || misused(initialize, argument)) return "false";
      if (state === 1 && misplaced(initialize)) return "false";
      cmi.restart();
      const answer = carryOut(initialize, hooks.initialize, 1);
      if (again && state === 1) cmi.note(initialize[0], "initialize-again");
      return answer;
    },
    [terminate[0]]: (/** @type {any} */ argument) =>
      misplaced(terminate) || misused(terminate, argument) ? "false" : carryOut(terminate, hooks.terminate, 2),
    [get[0]](/** @type {any} */ element) {
      if (misplaced(get)) return "";
      const value = cmi.get(text(element));
      done(cmi.code, cmi.code ? cmi.diagnostic : "");
      return value;
    },
    [set[0]](/** @type {any} */ element, /** @type {any} */ value) {
      if (misplaced(set)) return "false";
      cmi.set(text(element), text(value));
      if (!cmi.code) hooks.changed();
      return done(cmi.code, cmi.code ? cmi.diagnostic : "");
    },
    [commit[0]]: (/** @type {any} */ argument) =>
      misplaced(commit) || misused(commit, argument) ? "false" : carryOut(commit, hooks.commit, 1),
    [lastError[0]]: () => error,
    [errorString[0]]: (/** @type {any} */ code) => errors[text(code)] ?? "",
    [diagnostic[0]](/** @type {any} */ code) {
      const asked = text(code);
      return (asked === "" || asked === error ? told || errors[error] : errors[asked]) ?? "";
    },
  };
}
