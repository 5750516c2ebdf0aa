/** Toasts, dialogs and the states a list can be in. */
import { ApiError } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";

/**
 * A short word at the edge of the screen; a fault stays until it is read.
 * @param {string} text @param {"done" | "fault"} [tone] @param {string} [mend] @param {{ button?: HTMLElement, ms?: number }} [more] a button in it, and how long it stays
 */
export function toast(text, tone = "done", mend = "", { button, ms = 5000 } = {}) {
  let shelf = document.querySelector(".toasts");
  if (!shelf) {
    shelf = h("div.toasts", { role: "status", "aria-live": "polite" });
    document.body.append(shelf);
  }
  const close = () => note.remove();
  const note = h(
    "div.toast", { class: tone },
    icon(tone === "done" ? "circle-check" : "triangle-alert"),
    h("div", null, h("strong", null, text), mend && h("span", null, mend)),
    button,
    h("button.bare", { type: "button", "aria-label": t("Close"), onclick: close }, icon("x")),
  );
  shelf.append(note);
  if (tone === "done") setTimeout(close, ms);
  return note;
}

/** @param {unknown} error */
export function complain(error) {
  if (error instanceof ApiError) toast(error.message, "fault", error.mend);
  else {
    toast(t("Something went wrong on this page."), "fault", t("Load the page again; what you sent before is kept."));
    throw error;
  }
}

/** Says in a block what went wrong and offers to try again. @param {unknown} error @param {() => void} again */
export function failed(error, again) {
  const known = error instanceof ApiError ? error : null;
  if (!known) reportError(error); // a fault of the page itself: the console names the line
  const mend = known ? known.mend : t("Load the page again; what you sent before is kept.");
  return h(
    "div.state.fault", { role: "alert" },
    icon("triangle-alert"),
    h("strong", null, known ? known.message : t("Something went wrong on this page.")),
    mend && h("p", null, mend),
    h("button", { type: "button", onclick: again }, t("Try again")),
  );
}

/** @param {string} what @param {string} how @param {Node} [mark] */
export const empty = (what, how, mark) => h("div.state", null, mark ?? icon("inbox"), h("strong", null, what), h("p", null, how));

/** Grey bars that show only when the answer takes a while (CSS delays them). @param {number} rows */
export const skeleton = (rows) =>
  h("div.skeleton", { role: "status", "aria-label": t("Loading") }, Array.from({ length: rows }, () => h("i", null)));

/** A dialog with a title. Resolves when it is closed. @param {string} title @param {...import("./dom.js").Child} children */
export function dialog(title, ...children) {
  const box = h("dialog.sheet", { "aria-label": title });
  const close = h("button.bare", { type: "button", "aria-label": t("Close"), onclick: () => box.close() }, icon("x"));
  fill(box, h("header", null, h("h2", null, title), close), h("div.body", null, ...children));
  document.body.append(box);
  const closed = new Promise((done) => box.addEventListener("close", () => {
    box.remove();
    done(box.returnValue);
  }));
  box.addEventListener("click", (event) => event.target === box && box.close());
  box.showModal();
  return { box, closed };
}

/** Runs something while a button is held back and shows that it works. @param {HTMLButtonElement} button @param {() => Promise<unknown>} work */
export async function busy(button, work) {
  if (button.disabled) return;
  button.disabled = true;
  button.classList.add("busy");
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    button.disabled = false;
    button.classList.remove("busy");
  }
}
