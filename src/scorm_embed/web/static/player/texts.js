// Owns the words the player shows: one JSON file per language, of which one is loaded.

/** @returns {Promise<import("./types").Translate>} */
export async function loadTexts(language = "en") {
  /** @type {Record<string, string>} */
  let texts = {};
  try {
    texts = await (await fetch(new URL(`texts/${language}.json`, import.meta.url))).json();
  } catch {
    // The keys are English words: better than no player.
  }
  return (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
