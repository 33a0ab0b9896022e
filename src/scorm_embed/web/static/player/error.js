// The page that says why the player does not open tells the embedding page, too.

import { createMessages } from "./screen.js";

const { textContent } = /** @type {HTMLElement} */ (document.getElementById("boot"));
const { reason, ...boot } = JSON.parse(`${textContent}`);
createMessages(boot)("state", { state: "error", reason, activity_id: null });
