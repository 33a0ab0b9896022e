// Owns the end of what nobody came back for: journals of other sessions that have lain in this browser for too long.

/**
 * The server takes a session's last words however late, at its next start. Only a session that is not opened again
 * leaves them here. Training that is due each year must still find them, so this is well over a year.
 */
const KEPT_DAYS_MAX = 550;
/** There was no player before: what is older was written by a clock that was not set, and is of any age. */
const FIRST = Date.parse("2024-01-01");

/** Whatever the age, nothing of the session now open goes. @param {string[]} mine beginnings of its keys */
export function tidy(mine) {
  const oldest = Date.now() - KEPT_DAYS_MAX * 86_400_000;
  for (const key of Object.keys(localStorage)) {
    if (!/^scorm_embed:.*:[^:#]+#\d+$/.test(key) || mine.some((prefix) => key.startsWith(prefix))) continue;
    try {
      const { sent_at } = JSON.parse(`${localStorage.getItem(key)}`);
      const sent = Date.parse(sent_at);
      if (sent > FIRST && sent < oldest) localStorage.removeItem(key);
    } catch {
      // not ours
    }
  }
}
