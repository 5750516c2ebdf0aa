/** Class × area × owner at a glance: who gets it, where nobody does, where two rules disagree, which rules never win. */
import { h } from "../dom.js";
import { named, t } from "../i18n.js";
import { dialog } from "../ui.js";

/**
 * @typedef {{ areas: Named[], rows: { kind: string, code: string, name: string, cells: Record<string, number>[] }[], organisations: Record<string, string>,
 *   checked: number, gaps: Finding[], conflicts: Finding[], dead: Finding[], ended: Finding[] }} Matrix
 * @typedef {{ reason: string, kind?: string, class_code?: string, area?: string, owner?: string, at?: string }} Finding
 */
const LISTED = 200;

/** @param {Matrix} matrix */
export function matrixView(matrix) {
  const word = (/** @type {string} */ outcome) => (outcome === "gap" ? t("nobody") : outcome === "conflict" ? t("conflict") : matrix.organisations[outcome] ?? outcome);

  /** @param {Matrix["rows"][number]} row @param {number} n */
  function cell(row, n) {
    const outcomes = Object.entries(row.cells[n] ?? {}).sort((a, b) => b[1] - a[1]);
    const state = outcomes.some(([key]) => key === "conflict") ? "conflict" : outcomes.some(([key]) => key === "gap") ? "gap" : outcomes.length > 1 ? "several" : "";
    const first = outcomes.find(([key]) => key === state) ?? outcomes[0];
    if (!first) return h("td", null, "");
    const area = matrix.areas[n];
    const told = outcomes.map(([key, count]) => `${word(key)} (${count})`).join(", ");
    return h("td", { class: state }, h("button", { type: "button", title: told, onclick: () => explain(row, area, outcomes) }, word(first[0]), outcomes.length > 1 && ` +${outcomes.length - 1}`));
  }

  /** @param {Matrix["rows"][number]} row @param {Named} area @param {[string, number][]} outcomes */
  function explain(row, area, outcomes) {
    const about = [...matrix.gaps, ...matrix.conflicts].filter((one) => one.kind === row.kind && one.class_code === row.code && one.area === area.code);
    dialog(`${row.code} ${row.name} · ${named(area)}`,
      h("p.quiet", null, t("Over the owners that components have there, and the hours at which a rule turns:")),
      h("ul", null, outcomes.map(([key, count]) => h("li", null, h("b", null, word(key)), ` × ${count}`))),
      about.length > 0 && h("ul", null, about.map((one) => h("li.small", null, one.reason))));
  }

  /** @param {string} title @param {Finding[]} found */
  const list = (title, found) => h("details", { open: found.length > 0 && found.length < 8 }, h("summary", { class: found.length ? "bad" : "" }, `${title}: ${found.length}`),
    h("ul", null, found.slice(0, LISTED).map((one) => h("li.small", null, one.reason)), found.length > LISTED && h("li.quiet", null, t("and {n} more", { n: found.length - LISTED }))));

  return h("div", null,
    h("p.quiet.small", null, t("{n} combinations of class, area, owner and hour were routed.", { n: matrix.checked })),
    list(t("Gaps: nobody gets it"), matrix.gaps), list(t("Conflicts: two rules, two departments"), matrix.conflicts),
    list(t("Dead rules: they never win"), matrix.dead), list(t("Rules of organisations that have ended"), matrix.ended),
    h("div.rules-scroll", null, h("table.matrix", null,
      h("thead", null, h("tr", null, h("th", null, t("Class")), matrix.areas.map((area) => h("th", { scope: "col" }, named(area))))),
      h("tbody", null, matrix.rows.map((row) => h("tr", null, h("th", { scope: "row" }, h("span.quiet", null, row.code), " ", row.name), matrix.areas.map((_area, n) => cell(row, n))))))));
}
