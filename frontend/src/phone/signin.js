/** The session has ended: the password is asked for on the spot, and what was under way goes on. */
import { ApiError } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { dialog } from "../lib/ui.js";

/** @type {Promise<boolean> | null} */
let asking = null;

/** One question at a time; true when she has signed in. @param {import("../lib/api.js").Api} api @param {string} username @param {number} waiting reports that wait for it */
export function signInAgain(api, username, waiting) {
  asking ??= ask(api, username, waiting).finally(() => {
    asking = null;
  });
  return asking;
}

/** @param {import("../lib/api.js").Api} api @param {string} username @param {number} waiting @returns {Promise<boolean>} */
async function ask(api, username, waiting) {
  const name = h("input", { id: "again-name", autocomplete: "username", autocapitalize: "none", value: username, required: true });
  const password = h("input", { id: "again-password", type: "password", autocomplete: "current-password", required: true });
  const fault = h("p.fault", { role: "alert", hidden: true });
  const button = h("button.primary.large", null, t("Sign in and go on"));
  const form = h("form", { novalidate: true, onsubmit: send },
    h("p", null, waiting ? t("Your session has ended. What you made is kept on this phone and is sent when you have signed in.") : t("Your session has ended.")),
    h("div.field", null, h("label", { for: name.id }, t("User name")), name),
    h("div.field", null, h("label", { for: password.id }, t("Password")), password), fault, button);
  const { box, closed } = dialog(t("Sign in again"), form);
  password.focus();

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    button.disabled = true;
    fault.hidden = true;
    try {
      const { csrf } = /** @type {{ csrf: string }} */ (await api.get("/session"));
      api.renew(csrf);
      const me = /** @type {Me} */ (await api.post("/session", { username: name.value.trim(), password: password.value }));
      api.renew(me.csrf);
      // somebody else at this phone gets a page of her own; what waits here stays the first one's
      if (me.username !== username) location.reload();
      box.close("in");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fault.hidden = false;
      fill(fault, error.message, " ", error.mend);
      button.disabled = false;
      password.select();
    }
  }
  return (await closed) === "in";
}
