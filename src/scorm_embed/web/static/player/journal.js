// Owns what the browser keeps until the server has acknowledged it: one entry of localStorage per commit.

/** @type {import("./types").OpenJournal} */
export function openJournal(run) {
  const prefix = `scorm_embed:${run.replace(/run\/.*/, "")}:`;
  /** @type {Storage | undefined} */
  let storage;
  try {
    storage = window.localStorage;
  } catch {
    // Blocked by the browser: what is not acknowledged lives in memory only.
  }

  // Ours, in the order of launches and numbers.
  const entries = () =>
    Object.keys(storage ?? {})
      .filter((key) => key.startsWith(prefix))
      .map((key) => [key, ...key.slice(prefix.length).split("#")])
      .sort((a, b) => a[1].localeCompare(b[1], "en", { numeric: true }) || +a[2] - +b[2]);

  return {
    write(launch, number, json) {
      try {
        storage?.setItem(`${prefix}${launch}#${number}`, json);
        return !!storage;
      } catch {
        return false; // full
      }
    },
    forget(launch, upTo) {
      for (const [key, of, number] of entries()) if (of === launch && +number <= upTo) storage?.removeItem(key);
    },
    read() {
      /** @type {Map<string, string[]>} */
      const launches = new Map();
      for (const [key, launch] of entries()) {
        const json = storage?.getItem(key) ?? "";
        try {
          JSON.parse(json);
          launches.set(launch, [...(launches.get(launch) ?? []), json]);
        } catch {
          // Not written by us; it must not keep the rest from being sent.
        }
      }
      return [...launches];
    },
  };
}
