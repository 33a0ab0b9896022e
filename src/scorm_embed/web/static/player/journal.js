/**
 * Owns what the browser keeps until the server has acknowledged it: one entry of localStorage per commit, under the
 * path of the session, the run that made it, and its number. May not send anything.
 * @import {Journal} from "./types"
 */

/**
 * @param {string} run signed path of this page; what stands before `run/` names the session on this server
 * @returns {Journal}
 */
export function openJournal(run) {
  const prefix = `scorm_embed:${run.replace(/run\/.*/, "")}:`;
  /** @type {Storage | null} */
  let storage = null;
  try {
    storage = window.localStorage;
  } catch {
    // Blocked by the browser: what is not acknowledged lives in memory only.
  }

  /** @returns {[key: string, launch: string, number: number][]} in the order of launches and numbers */
  const keys = () => {
    /** @type {[string, string, number][]} */
    const found = [];
    for (let i = 0; storage && i < storage.length; i++) {
      const key = storage.key(i) ?? "";
      const at = key.lastIndexOf("#");
      if (key.startsWith(prefix)) found.push([key, key.slice(prefix.length, at), +key.slice(at + 1)]);
    }
    return found.sort((a, b) => a[1].localeCompare(b[1], "en", { numeric: true }) || a[2] - b[2]);
  };

  return {
    write(launch, number, json) {
      try {
        storage?.setItem(`${prefix}${launch}#${number}`, json);
        return storage !== null;
      } catch {
        return false; // full, or switched off: the caller sends at once
      }
    },
    forget(launch, upTo) {
      for (const [key, of, number] of keys()) if (of === launch && number <= upTo) storage?.removeItem(key);
    },
    read() {
      /** @type {Map<string, string[]>} */
      const launches = new Map();
      for (const [key, launch] of keys()) {
        const commits = launches.get(launch) ?? [];
        const json = storage?.getItem(key) ?? "";
        try {
          commits.push(JSON.parse(json) && json);
          launches.set(launch, commits);
        } catch {
          // Not written by us; it must not keep the rest from being sent.
        }
      }
      return [...launches].map(([launch, commits]) => ({ launch, commits }));
    },
  };
}
