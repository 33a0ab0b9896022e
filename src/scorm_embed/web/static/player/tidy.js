// Owns the end of what nobody came back for: journals of other sessions that have lain in this browser for too long.

/**
 * The server takes a session's last words however late, at its next start. Only a session that is not opened again
 * leaves them here. Training that is due each year must still find them, so this is well over a year.
 */
const KEPT_DAYS_MAX = 550;

/** Whatever the age, nothing of the session now open goes. @param {string[]} mine beginnings of its keys */
export function tidy(mine) {
  const oldest = Date.now() - KEPT_DAYS_MAX * 86_400_000;
  for (const key of Object.keys(localStorage)) {
    if (!/^scorm_embed:.*:[^:#]+#\d+$/.test(key) || mine.some((prefix) => key.startsWith(prefix))) continue;
    try {
      const { sent_at } = JSON.parse(`${localStorage.getItem(key)}`);
      if (Date.parse(sent_at) < oldest) localStorage.removeItem(key);
    } catch {
      // not ours
    }
  }
}
