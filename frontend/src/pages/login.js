/** Signing in: POST /api/v1/session, then to the post's own page. */
import { ApiError, createApi } from "../lib/api.js";
import { fill, h, one } from "../lib/dom.js";
import { openFrame } from "../lib/frame.js";

const { api, page } = openFrame();
const form = /** @type {HTMLFormElement} */ (one("form.gate-form"));
const fault = one(".fault", form);
const button = /** @type {HTMLButtonElement} */ (one("button", form));
const username = /** @type {HTMLInputElement} */ (one("#username"));
const password = /** @type {HTMLInputElement} */ (one("#password"));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  fault.hidden = true;
  try {
    const me = /** @type {Me} */ (await api.post("/session", { username: username.value.trim(), password: password.value }));
    // The language one looks at while signing in is the language one gets.
    if (me.language !== page.language) await createApi({ csrf: me.csrf }).patch("/me", { language: page.language });
    location.assign(page.next || me.home || "/");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fault.hidden = false;
    fill(fault, error.message, error.mend && h("span.quiet", null, ` ${error.mend}`));
    button.disabled = false;
    password.select();
  }
});

document.querySelectorAll("[data-username]").forEach((element) => element.addEventListener("click", () => {
  const { username: name, password: secret } = /** @type {HTMLElement} */ (element).dataset;
  username.value = name ?? "";
  password.value = secret ?? "";
  button.focus();
  form.requestSubmit();
}));
