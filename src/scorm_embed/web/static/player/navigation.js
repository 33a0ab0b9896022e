/**
 * Owns the buttons of the learner's navigation events.
 * @import {Activity, NavName, Navigation, Translate} from "./types"
 */

/**
 * @param {Translate} t
 * @param {(name: NavName) => void} chosen
 */
export function createNavigation(t, chosen) {
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-nav]"));
  const more = /** @type {HTMLElement} */ (document.getElementById("more"));
  const rest = /** @type {HTMLElement} */ (document.getElementById("rest"));
  for (const button of buttons) {
    const name = /** @type {NavName} */ (button.dataset.nav);
    button.textContent = t(name);
    button.addEventListener("click", () => {
      if (rest.contains(button)) rest.hidePopover?.();
      chosen(name);
    });
  }

  return {
    /**
     * Show what can be done now; without navigation, nothing can.
     * @param {Navigation} [navigation] @param {Activity | null} [activity] the one that is delivered: it may hide buttons
     */
    update(navigation, activity) {
      for (const button of buttons) {
        const name = button.dataset.nav ?? "";
        if (navigation) button.hidden = activity?.hidden.includes(name) ?? false;
        button.disabled = !navigation?.valid.includes(name);
      }
      more.hidden = ![...buttons].some((button) => rest.contains(button) && !button.hidden);
    },
  };
}
