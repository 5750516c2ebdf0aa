/** The file of a component or a cell: what it is, who answers for it, all that was ever reported there, its rules. */
import { h } from "../lib/dom.js";
import { className, named, number, t, tn } from "../lib/i18n.js";
import { mark, stateWord } from "../lib/states.js";
import { dayOf } from "../lib/time.js";
import { dialog, empty } from "../lib/ui.js";

/** @typedef {{ role: string, code: string, name: string }} Part */
/** @typedef {{ title: string, organisation: string, wins: boolean | null, why: string }} Rule */
/** @typedef {{ code: string, kind: "component" | "cell", name: string, name_en: string, state: string, since: string | null, until: string | null, lon: number, lat: number, area_m2: number | null, synthetic: boolean, people: Part[], rules: Rule[], count: number, open: number, years: { year: number, count: number }[], reports: Card[] }} GroundFile */

/** @param {import("../lib/api.js").Api} api @param {string} path */
export async function showFile(api, path) {
  const file = /** @type {GroundFile} */ (await api.get(path));
  const title = file.kind === "component" ? named(file) : t("Cell {code}", { code: file.code });
  dialog(title, h("div.ground-file", null, head(file), people(file), reports(file), rules(file)));
}

/** @param {GroundFile} file */
const head = (file) => h("p", null, [
  file.kind === "component" ? file.code : file.name, file.state, file.area_m2 && `${number(file.area_m2, 0)} m²`,
  file.since && t("since {day}", { day: dayOf(new Date(file.since)) }), file.until && t("until {day}", { day: dayOf(new Date(file.until)) }),
  file.synthetic && t("generated, not surveyed"),
].filter(Boolean).join(" · "));

/** @param {GroundFile} file */
const people = (file) => h("section", null, h("h3", null, file.kind === "component" ? t("Who answers for it") : t("Who walks it")),
  file.people.length ? h("ul.plain", null, file.people.map((one) => h("li", null, h("span.quiet", null, `${one.role} `), one.name, h("span.small.quiet", null, ` ${one.code}`)))) : h("p.quiet", null, t("Nobody is named.")));

/** @param {GroundFile} file */
const reports = (file) => h("section", null, h("h3", null, t("Ever reported here")),
  file.count ? [
    h("p", null, h("b", null, tn("{n} case", "{n} cases", file.count)), ` · ${tn("{n} open", "{n} open", file.open)} · `, h("span.quiet", null, file.years.map((one) => `${one.year}: ${number(one.count)}`).join(" · "))),
    h("ul.plain", null, file.reports.map((card) => h("li", null, mark(card.state), ` ${card.number} `, className(card), h("span.small.quiet", null, ` ${stateWord(card.state)} · ${dayOf(new Date(card.reported_at))}`)))),
  ] : empty(t("Nothing yet"), t("What is reported here will stand in this list.")));

/** @param {GroundFile} file */
const rules = (file) => h("section", null, h("h3", null, t("Rules")),
  file.rules.length ? h("ul.plain", null, file.rules.map((rule) => h("li", { "aria-current": String(rule.wins === true) }, h(rule.wins ? "b" : "span", null, rule.organisation), h("span.small.quiet", null, ` ${[rule.title, rule.why].filter(Boolean).join(" · ")}`)))) : h("p.quiet", null, t("No rule names it.")));
