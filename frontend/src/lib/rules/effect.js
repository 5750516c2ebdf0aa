/** What a draft would have done with the cases of the last months. */
import { h } from "../dom.js";
import { t, tn } from "../i18n.js";

/**
 * @typedef {{ organisation: string, rule: string, reason: string }} Side
 * @typedef {{ days: number, cases: number, elsewhere: number, gaps: [number, number], conflicts: [number, number], known: number, right: [number, number],
 *   loads: { code: string, name: string, before: number, after: number }[],
 *   examples: { case_id: string, number: string, class_code: string, cell_code: string, before: Side, after: Side }[] }} Effect
 */

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "–");

/** @param {string} title @param {string} value @param {string} more */
const figure = (title, value, more) => h("div", null, h("span.quiet.small", null, title), h("b", null, value), h("span.small", null, more));

/** @param {Side} side */
const told = (side) => h("td", { title: side.reason }, side.organisation || h("span.bad", null, t("nobody")), side.rule && h("span.small.quiet", null, ` ${side.rule}`));

/** @param {Effect} effect */
export function effectView(effect) {
  const arrow = (/** @type {[number, number]} */ pair) => `${pair[0]} → ${pair[1]}`;
  return h("div", null,
    h("p.quiet.small", null, tn("{n} case that was dispatched in the last {days} days, once more by the rules in force and by the draft.", "{n} cases that were dispatched in the last {days} days, once more by the rules in force and by the draft.", effect.cases, { days: effect.days })),
    h("div.effect-figures", null,
      figure(t("would have gone elsewhere"), String(effect.elsewhere), `${share(effect.elsewhere, effect.cases)} (${effect.elsewhere} / ${effect.cases})`),
      figure(t("sent at once to who handled it"), `${share(effect.right[0], effect.known)} → ${share(effect.right[1], effect.known)}`, `${arrow(effect.right)} / ${effect.known}`),
      figure(t("to nobody"), arrow(effect.gaps), t("gaps")), figure(t("to two at once"), arrow(effect.conflicts), t("conflicts"))),
    h("div.effect-pair", null,
      h("section", null, h("h2", null, t("Load by organisation")), h("div.rules-scroll", null, h("table", null,
        h("thead", null, h("tr", null, h("th", null, t("Organisation")), h("th.number", null, t("now")), h("th.number", null, t("draft")), h("th.number", null, "±"))),
        h("tbody", null, effect.loads.map((load) => h("tr", null, h("td", null, load.name), h("td.number", null, String(load.before)), h("td.number", null, String(load.after)), h("td.number", null, h("b", null, `${load.after > load.before ? "+" : ""}${load.after - load.before || "0"}`)))))))),
      h("section", null, h("h2", null, t("Examples")), effect.examples.length
        ? h("div.rules-scroll", null, h("table", null, h("thead", null, h("tr", null, h("th", null, t("Case")), h("th", null, t("Class")), h("th", null, t("now")), h("th", null, t("draft")))),
          h("tbody", null, effect.examples.map((one) => h("tr", null, h("td", null, one.number), h("td", null, one.class_code), told(one.before), told(one.after))))))
        : h("p.quiet", null, t("No case would have gone elsewhere.")))));
}
