/** Other cases beside the one in hand: the same component, open ones near by, the same cell. */
import { h } from "../dom.js";
import { className, conditionText, t } from "../i18n.js";
import { distance } from "../geo.js";
import { mark, stateWord } from "../states.js";
import { both } from "../time.js";

/** @param {string} why */
function word(why) {
  /** @type {Record<string, string>} */
  const words = { component: t("same component"), near: t("near by"), cell: t("same cell") };
  return words[why] ?? why;
}

/** @param {Around[]} others @param {(card: Card) => void} onpick */
export function aroundList(others, onpick) {
  if (!others.length) return h("p.quiet.small.around-none", null, t("No earlier case here, and none open near by."));
  return h("section.around", null, h("h3", null, t("Nearby and earlier cases ({n})", { n: others.length })),
    h("ul", null, others.map((other) => h("li", null, h("button.around-row", { type: "button", "data-case": other.id, onclick: () => onpick(other) },
      mark(other.state),
      h("span", null, h("b", null, className(other)), other.condition && ` · ${conditionText(other)}`,
        h("span.small.quiet", null, [word(other.why), distance(other.distance_m), stateWord(other.state), both(other.reported_at)].join(" · "))))))));
}
