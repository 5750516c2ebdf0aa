/** The conversation of a case on the phone: a sheet over the first screen, or a part of a task. Needs a network. */
import { conversation } from "../lib/conversation.js";
import { h, icon } from "../lib/dom.js";
import { className, t, tn } from "../lib/i18n.js";
import { FINAL, stateWord } from "../lib/states.js";
import { dialog } from "../lib/ui.js";

/** @typedef {{ unread: number, naming_me: number, items: { card: Card, unread: number, naming_me: number }[] }} Conversations */

/**
 * What one has not read, by case, and the conversation that is open.
 * @param {{ api: import("../lib/api.js").Api, onchange: (unread: Map<string, number>) => void }} options
 */
export function talks({ api, onchange }) {
  /** @type {Map<string, number>} */
  let unread = new Map();
  /** @type {{ id: string, talk: ReturnType<typeof conversation> } | null} */
  let open = null;

  async function refresh() {
    const { items } = /** @type {Conversations} */ (await api.get("/conversations", { unread: "true" }));
    unread = new Map(items.map((one) => [one.card.id, one.unread]));
    onchange(unread);
  }

  /** A part of the page for a case. @param {Card} card */
  function part(card) {
    open?.talk.stop();
    const talk = conversation({ api, caseId: card.id, writes: !FINAL.includes(card.state), onread: () => void refresh().catch(() => {}) });
    open = { id: card.id, talk };
    return talk.element;
  }

  return {
    refresh,
    part,
    /** @param {Card} card */
    async sheet(card) {
      const { closed } = dialog(className(card), h("p.small.quiet", null, stateWord(card.state), " · ", card.number), part(card));
      await closed;
      open?.talk.stop();
      open = null;
    },
    /** @param {Entry[]} entries */
    heard(entries) {
      for (const entry of entries) if (entry.case_id === open?.id) open.talk.heard(entry);
      if (entries.some((entry) => entry.verb === "message")) void refresh().catch(() => {});
    },
  };
}

/** @param {number} count */
export const newWords = (count) => count > 0 && h("span.chip.talk-new", null, icon("message-square"), tn("{n} new", "{n} new", count));

/** Under a task: folded until it is wanted, unless something new was said. @param {HTMLElement} element @param {number} count */
export const folded = (element, count) => h("details.more", { open: count > 0 }, h("summary", null, t("Conversation"), " ", newWords(count)), element);
