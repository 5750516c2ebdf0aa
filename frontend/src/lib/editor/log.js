/** The last edits of what is in force, each with a button that undoes it. */
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { both } from "../time.js";
import { busy, complain } from "../ui.js";
import { kindWord } from "./words.js";

/** @typedef {{ id: number, kind: string, subject: string, state: string, at: string, by: string }} Logged */

/** @param {{ api: import("../api.js").Api, kinds: string[], onundone: () => void }} options */
export function editLog({ api, kinds, onundone }) {
  const element = h("section", { "aria-label": t("Edits") });
  /** @type {Logged[]} */
  let items = [];

  async function load() {
    items = /** @type {Logged[]} */ (await api.get("/edit/log")).filter((item) => kinds.includes(item.kind)).slice(0, 30);
    fill(element, h("h2", null, t("Edits")), items.length === 0 ? h("p.quiet", null, t("None yet.")) : h("ul.edit-list", null, items.map(row)));
  }

  /** @param {Logged} item */
  function row(item) {
    const button = h("button", { type: "button", onclick: () => busy(button, () => undo(item)) }, icon("undo-2"), t("Undo"));
    return h("li", { class: item.state === "done" ? "" : "undone" }, h("div", null, h("b", null, kindWord(item.kind)), h("span.small", null, item.subject), h("span.small.quiet", null, item.by, " · ", both(item.at))),
      item.state === "done" && button);
  }

  /** @param {Logged} item */
  async function undo(item) {
    await api.post(`/edit/log/${item.id}/undo`);
    await load();
    onundone();
  }

  return {
    element,
    load: () => load().catch(complain),
    /** The latest that still stands. */
    undoLast: () => {
      const last = items.find((item) => item.state === "done");
      if (last) undo(last).catch(complain);
    },
  };
}
