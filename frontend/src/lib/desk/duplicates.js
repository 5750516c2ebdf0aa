/** The same thing reported twice: what may be it, with why; merging; and how cases that were merged hang together. */
import { h, icon, fill } from "../dom.js";
import { distance } from "../geo.js";
import { className, named, t, tn } from "../i18n.js";
import { mark, stateWord } from "../states.js";
import { both } from "../time.js";
import { complain, dialog, failed, skeleton } from "../ui.js";

/**
 * @typedef {{ card: Card, score: number, metres: number, hours: number, same_component: boolean | null, older: boolean }} Alike
 * @typedef {{ proposed: Alike[], merged: Card[] }} Duplicates
 */

/** @param {Alike} one */
function why(one) {
  const apart = one.hours < 48 ? tn("{n} hour apart", "{n} hours apart", Math.round(one.hours)) : tn("{n} day apart", "{n} days apart", Math.round(one.hours / 24));
  return [
    one.same_component ? t("same component") : one.same_component === false ? t("another component") : "",
    t("{distance} away", { distance: distance(one.metres) }), apart, t("likeness {n} %", { n: Math.round(100 * one.score) }),
  ].filter(Boolean).join(" · ");
}

/**
 * Which case is this one the same as? Choosing it merges.
 * @param {{ api: import("../api.js").Api, item: CaseOut, send: (args: Record<string, unknown>) => Promise<void> }} options
 */
export function duplicateDialog({ api, item, send }) {
  const list = h("ul.alike", null, h("li", null, skeleton(3)));
  const number = h("input", { id: "merge-number", inputmode: "numeric", autocomplete: "off", maxlength: 30 });
  const found = h("ul.alike");
  const form = h("form.alike-search", { onsubmit: search }, h("label", { for: number.id }, t("Another case, by its number")), number, h("button", null, icon("search"), t("Search")));
  const { box } = dialog(t("Which case is this one the same as?"),
    h("p.quiet", null, t("This case then rests and follows the other: its reporters hear what becomes of it. It can be taken off again; state and clocks come back.")), list, form, found);

  /** @param {Card} card @param {string} reason */
  const row = (card, reason) => h("li", null, h("button.option", { type: "button", "data-main": card.id, onclick: () => merge(card) },
    card.photo && h("img", { src: api.photoUrl(card.photo, "thumb"), alt: "", width: 80, height: 60, loading: "lazy" }),
    h("span", null, h("b", null, mark(card.state), " ", className(card), " ", h("span.quiet", null, card.number)),
      h("span.small", null, [stateWord(card.state), named(card.community), both(card.reported_at)].filter(Boolean).join(" · ")),
      reason && h("span.small.quiet", null, reason))));

  /** @param {Card} card */
  async function merge(card) {
    await send({ main_id: card.id }).then(() => box.close(), complain);
  }

  async function load() {
    try {
      const { proposed } = /** @type {Duplicates} */ (await api.get(`/cases/${item.id}/duplicates`));
      fill(list, proposed.length ? proposed.map((one) => row(one.card, why(one))) : h("li.quiet", null, t("No open case nearby looks like this one.")));
      /** @type {HTMLElement | null} */ (list.querySelector("button"))?.focus();
    } catch (error) {
      fill(list, h("li", null, failed(error, () => void load())));
    }
  }

  /** @param {SubmitEvent} event */
  async function search(event) {
    event.preventDefault();
    if (!number.value.trim()) return;
    try {
      const { items } = /** @type {Page<Card>} */ (await api.get("/cases", { number: number.value.trim(), limit: 5 }));
      const others = items.filter((card) => card.id !== item.id);
      fill(found, others.length ? others.map((card) => row(card, "")) : h("li.quiet", null, t("There is no case of that number.")));
    } catch (error) {
      complain(error);
    }
  }
  void load();
}

/** How the case hangs together with others. @param {CaseOut} item @param {import("../api.js").Api} api @param {(id: string) => void} onpick */
export function linked(item, api, onpick) {
  if (item.main) {
    const main = item.main;
    return h("p.notice.linked", null, icon("copy"), h("span", null, t("The same as case {number}: {state}.", { number: main.number, state: stateWord(main.state) })),
      h("button", { type: "button", onclick: () => onpick(main.id) }, t("Show it")));
  }
  if (!item.duplicates) return null;
  const words = tn("{n} case was merged into this one", "{n} cases were merged into this one", item.duplicates);
  // which ones, the two centres may see
  if (!item.moves.some((move) => move.verb === "mark_duplicate")) return h("p.linked", null, icon("copy"), " ", words);
  const list = h("ul.alike");
  const details = h("details.linked", null, h("summary", null, icon("copy"), " ", words), list);
  details.addEventListener("toggle", async () => {
    if (!details.open) return;
    try {
      const { merged } = /** @type {Duplicates} */ (await api.get(`/cases/${item.id}/duplicates`));
      fill(list, merged.map((card) => h("li", null, h("button.option", { type: "button", onclick: () => onpick(card.id) },
        h("span", null, h("b", null, card.number), h("span.small.quiet", null, both(card.reported_at)))))));
    } catch (error) {
      complain(error);
    }
  });
  return details;
}
