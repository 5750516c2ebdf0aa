/** Keyboard: every key has a button too; the list is one key away. */
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { dialog } from "./ui.js";

/** @typedef {{ key: string, shown?: string, does: string, run: () => void }} Binding */

const typing = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Enter on a control presses that control, not the page's main verb. @param {EventTarget | null} target */
const onControl = (target) => target instanceof Element && target.closest("button, a[href], summary, dialog, [role=option]") !== null;

/** @param {() => Binding[]} bindings asked at each key, so that they follow the page */
export function listen(bindings) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") return help(bindings());
    if (event.key === "Enter" && onControl(event.target) && !(/** @type {Element} */ (event.target).closest("[data-enter-acts]"))) return;
    const found = bindings().find((binding) => binding.key === event.key);
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}

/** @param {Binding[]} bindings */
export function help(bindings) {
  const rows = [...bindings, { key: "?", does: t("This list") }].map((binding) =>
    h("tr", null, h("td", null, h("kbd", null, ("shown" in binding && binding.shown) || binding.key)), h("td", null, binding.does)));
  dialog(t("Keys"), h("table.keys", null, h("tbody", null, rows)));
}
