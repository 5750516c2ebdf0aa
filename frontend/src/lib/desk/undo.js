/** Ten seconds to take back one's own last move: a word with a button, and a key. */
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { complain, toast } from "../ui.js";

/**
 * @param {{ api: import("../api.js").Api, onundone: (item: CaseOut) => void }} options
 */
export function undoOffer({ api, onundone }) {
  /** @type {{ item: CaseOut, until: number } | null} */
  let last = null;
  /** @type {HTMLElement | null} */
  let note = null;
  /** A move is on its way: what is undone now is that one, once it is there. */
  let underway = false;
  let asked = false;

  const open = () => last !== null && performance.now() < last.until;

  async function run() {
    if (underway) return void (asked = true);
    if (!last || !open()) return;
    const { item } = last;
    last = null;
    note?.remove();
    const undone = /** @type {CaseOut} */ (await api.post(`/cases/${item.id}/moves/undo`, { version: item.version }));
    toast(`${t("Undone")} · ${item.number}`);
    onundone(undone);
  }

  return {
    /** A move is being sent. */
    sent() {
      underway = true;
      asked = false;
      last = null;
      note?.remove();
    },
    refused() {
      underway = asked = false;
    },
    /** A move was made; where it may be undone, say so for as long as that is true. @param {CaseOut} item @param {string} text */
    offer(item, text) {
      note?.remove();
      underway = false;
      // by the server's clock: how long it gives, counted from the answer
      const ms = item.undo_until ? Date.parse(item.undo_until) - Date.parse(item.moved_at) : 0;
      last = ms > 0 ? { item, until: performance.now() + ms } : null;
      const button = h("button", { type: "button", "data-undo": "", onclick: () => run().catch(complain) }, t("Undo"), h("kbd", null, "U"));
      note = toast(text, "done", "", ms > 0 ? { button, ms } : {});
      if (asked) run().catch(complain);
      asked = false;
    },
    /** @returns {import("../keys.js").Binding[]} */
    bindings: () => (open() || underway ? [{ key: "u", shown: "U", does: t("Undo the last move"), run: () => run().catch(complain) }] : []),
  };
}
