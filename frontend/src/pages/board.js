/** The manager's board. Period and area live in the address; one answer of the API feeds everything on the page. */
import { fill, h, icon, one, svg } from "../lib/dom.js";
import { figureText, timeChip } from "../lib/format.js";
import { openFrame } from "../lib/frame.js";
import { className, language, named, number, t } from "../lib/i18n.js";
import { mark, stateWord } from "../lib/states.js";
import { dayOf } from "../lib/time.js";
import { complain, dialog, empty, failed, skeleton } from "../lib/ui.js";
import { createMap } from "../map/map.js";

const { api, page } = openFrame();
const KEYS = ["discovery_rate", "dispatch_accuracy", "mean_resolution_hours"];
const address = new URL(location.href);
const today = dayOf(new Date());
const back = (/** @type {number} */ days) => dayOf(new Date(Date.now() - days * 86_400_000));

let chosen = KEYS[1];
/** @type {Indicators | null} */
let data = null;
/** @type {ReturnType<typeof createMap> | null} */
let map = null;

const state = () => ({
  from: address.searchParams.get("from") ?? back(29),
  to: address.searchParams.get("to") ?? today,
  area: address.searchParams.get("area") ?? "",
  imported: address.searchParams.get("imported") ?? "exclude",
});

/** What becomes of cases that another system told; the words stand beside each figure. */
const IMPORTED = [["exclude", t("Imported cases left out")], ["include", t("Imported cases counted too")], ["only", t("Imported cases only")]];

/** @param {Record<string, string>} change */
function go(change) {
  for (const [key, value] of Object.entries(change)) {
    if (value) address.searchParams.set(key, value);
    else address.searchParams.delete(key);
  }
  history.pushState(null, "", address);
  void load();
}

addEventListener("popstate", () => location.reload());

function selectors() {
  const { from, to, area, imported } = state();
  const periods = [[6, t("7 days")], [29, t("30 days")], [89, t("90 days")]];
  const areas = /** @type {FigureRow[]} */ (data?.by_area ?? []);
  fill(one("[data-selectors]"), h("div.selectors", null,
    h("div.periods", { role: "group", "aria-label": t("Period") }, periods.map(([days, word]) => h("button", {
      type: "button", "aria-pressed": String(from === back(Number(days)) && to === today), onclick: () => go({ from: back(Number(days)), to: today }),
    }, word))),
    h("input", { type: "date", "aria-label": t("From"), value: from, max: to, onchange: (/** @type {any} */ event) => go({ from: event.target.value }) }),
    h("span", { "aria-hidden": "true" }, "–"),
    h("input", { type: "date", "aria-label": t("To"), value: to, min: from, max: today, onchange: (/** @type {any} */ event) => go({ to: event.target.value }) }),
    area
      ? h("button", { type: "button", onclick: () => go({ area: "" }) }, icon("x"), t("Whole city"))
      : areas.length > 0 && h("select", { "aria-label": t("Area"), onchange: (/** @type {any} */ event) => go({ area: event.target.value }) },
        h("option", { value: "" }, t("Whole city")), areas.filter((row) => row.code).map((row) => h("option", { value: row.code }, named(row)))),
    h("select", { "aria-label": t("Imported cases"), onchange: (/** @type {any} */ event) => go({ imported: event.target.value === "exclude" ? "" : event.target.value }) },
      IMPORTED.map(([value, word]) => h("option", { value, selected: value === imported }, word)))));
}

async function load() {
  const asked = state();
  fill(one("[data-figures]"), skeleton(4));
  try {
    const answer = /** @type {Indicators} */ (await api.get("/indicators", asked));
    if (JSON.stringify(asked) !== JSON.stringify(state())) return;
    data = answer;
    draw(answer);
  } catch (error) {
    fill(one("[data-figures]"), failed(error, load));
  }
}

/** @param {Indicators} answer */
function draw(answer) {
  selectors();
  fill(one("[data-figures]"), h("div.figures", null, answer.figures.map(figureCard)));
  table(one("[data-areas]"), t("By area"), answer.by_area, true);
  table(one("[data-departments]"), t("By department"), answer.by_department, false);
  trend();
  shade();
}

/** A figure of an area, department or day. @param {Record<string, any>} row @param {string} key @returns {{ value: number | null, numerator: number, denominator: number } | null} */
function figureOf(row, key) {
  return row[key] ?? null;
}

/** @param {Figure} figure */
function figureCard(figure) {
  const text = figureText(figure);
  const values = (data?.trend ?? []).map((row) => figureOf(row, figure.key)?.value ?? null);
  return h("section.card.figure-card", { "aria-label": figure.title },
    h("h2", null, figure.title),
    h("p.big", null, text.big, text.unit && h("small", null, text.unit)),
    h("p.fraction", null, text.fraction),
    spark(values),
    h("p.small.quiet", null, figure.claim),
    h("p.small.quiet", null, IMPORTED.find(([value]) => value === data?.imported)?.[1]),
    h("div.actions", null,
      h("button", { type: "button", onclick: () => define(figure) }, icon("book-open"), t("Definition")),
      h("button", { type: "button", disabled: !figure.denominator, onclick: () => void drill(figure, "denominator") }, icon("list"), t("Cases"))));
}

/** @param {(number | null)[]} values */
function spark(values) {
  const known = values.filter((value) => value !== null);
  const element = svg("svg", { class: "spark", viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  if (known.length < 2) return element;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = values.map((value, i) => (value === null ? null : [(i / (values.length - 1)) * 100, 27 - ((value - low) / (high - low || 1)) * 24])).filter((point) => point !== null);
  const line = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
  element.append(svg("path", { class: "area", d: `${line}L${points[points.length - 1][0]} 30L${points[0][0]} 30Z` }), svg("path", { d: line }));
  return element;
}

/** @param {Figure} figure */
function define(figure) {
  dialog(figure.title, h("div.definition", null, h("p", null, figure.definition), h("p", null, h("b", null, t("Claim")), " ", figure.claim),
    h("p", null, h("b", null, t("Now")), " ", figureText(figure).big, " ", figureText(figure).unit, " · ", figureText(figure).fraction)));
}

/** The cases behind a figure. @param {Figure} figure @param {string} part */
async function drill(figure, part) {
  const list = h("ul.drill", null, skeleton(5));
  const more = h("button", { type: "button", hidden: true }, t("More"));
  const parts = [["denominator", t("All counted")], ...(figure.unit === "%" ? [["numerator", t("In the numerator")], ["rest", t("Not in the numerator")]] : [])];
  const choose = parts.length > 1 && h("div.periods", { role: "group" }, parts.map(([value, word]) =>
    h("button", { type: "button", "aria-pressed": String(value === part), onclick: () => {
      box.close();
      void drill(figure, value);
    } }, word)));
  const { box } = dialog(figure.title, choose, list, more);
  let after = "";
  const load = async () => {
    const answer = /** @type {Page<Card>} */ (await api.get(`/indicators/${figure.key}/cases`, { ...state(), part, after }));
    if (!after) fill(list);
    if (!answer.items.length && !after) fill(list, empty(t("No cases"), t("Nothing was counted in this period and area.")));
    list.append(...answer.items.map((card) => (card.imported ? toldRow(card, card.imported) : h("li", null, mark(card.state), h("div", null, h("b", null, className(card)), h("span.small.quiet", null, [card.number, stateWord(card.state), named(card.street), named(card.organisation)].filter(Boolean).join(" · "))), timeChip(card)))));
    after = answer.next ?? "";
    more.hidden = !after;
  };
  more.addEventListener("click", () => load().catch(complain));
  load().catch((error) => fill(list, failed(error, () => void load())));
}

/** A case that another system kept: never to be taken for one of ours. @param {Card} card @param {Imported} told */
function toldRow(card, told) {
  const shape = mark({ closed: "closed", open: "reported" }[told.stood] ?? "void");
  shape.setAttribute("aria-label", told.stood_label);
  const stages = { opened: t("Opened there"), inspected: t("Inspected there"), due: t("Due there"), closed: t("Closed there"), cancelled: t("Cancelled there") };
  const at = new Intl.DateTimeFormat(language(), { timeZone: told.zone, dateStyle: "medium", timeStyle: "short" });
  const rows = Object.entries(stages).filter(([stage]) => told.times[stage]).map(([stage, word]) => [word, at.format(new Date(told.times[stage]))]);
  rows.push([t("Status there"), told.status], [t("Department there"), told.department], [t("Address there"), told.address]);
  return h("li", null, shape, h("div", null,
    h("b", null, className(card)), " ", h("span.chip", null, t("imported from {origin}", { origin: told.origin })),
    h("span.small.quiet", null, [card.number, told.stood_label, named(card.street), named(card.department)].filter(Boolean).join(" · ")),
    told.fault_labels.length > 0 && h("span.small.faults", null, t("Faults: {faults}", { faults: told.fault_labels.join(t(", ")) })),
    h("details", null, h("summary", null, t("As it was told")), h("dl", null, rows.filter(([, value]) => value).flatMap(([word, value]) => [h("dt", null, word), h("dd", null, value)])))));
}

/** @type {Record<string, { key: string, down: boolean }>} */
const sorted = {};

/** @param {HTMLElement} root @param {string} title @param {FigureRow[]} rows @param {boolean} areas */
function table(root, title, rows, areas) {
  const order = (sorted[title] ??= { key: chosen, down: true });
  const figures = (data?.figures ?? []).filter((figure) => rows.some((row) => figureOf(row, figure.key)));
  const sortedRows = [...rows].sort((a, b) => {
    const [x, y] = [figureOf(a, order.key)?.value ?? -Infinity, figureOf(b, order.key)?.value ?? -Infinity];
    return order.down ? y - x : x - y;
  });
  fill(root, h("header", null, h("h2", null, title)),
    rows.length === 0 ? empty(t("No rows"), t("Nothing was counted in this period and area.")) : h("div.scroll", { tabindex: "0", role: "region", "aria-label": title }, h("table", null,
      h("thead", null, h("tr", null, h("th", { scope: "col" }, areas ? t("Area") : t("Department")), figures.map((figure) =>
        h("th.figure", { scope: "col", "aria-sort": order.key === figure.key ? (order.down ? "descending" : "ascending") : null },
          h("button", { type: "button", onclick: () => {
            sorted[title] = { key: figure.key, down: order.key === figure.key ? !order.down : true };
            if (areas) chosen = figure.key;
            table(root, title, rows, areas);
            shade();
            trend();
          } }, figure.title))))),
      h("tbody", null, sortedRows.map((row) => h("tr", null,
        h("td", null, areas && row.code ? h("a", { href: `?${new URLSearchParams({ ...state(), area: row.code })}` }, named(row)) : named(row)),
        figures.map((figure) => {
          const cell = figureOf(row, figure.key);
          const text = cell && figureText({ ...figure, ...cell });
          return h("td.figure", null, text && cell?.value !== null ? [h("b", null, `${text.big} ${text.unit}`), " ", h("span.small.quiet", null, text.fraction)] : "–");
        })))))));
}

function trend() {
  const figure = data?.figures.find((item) => item.key === chosen);
  const root = one("[data-trend]");
  if (!figure || !data) return fill(root);
  const days = data.trend;
  const values = days.map((row) => figureOf(row, chosen)?.value ?? null);
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0);
  const [low, high] = figure.unit === "%" ? [Math.min(...known, 100), 100] : [0, top || 1];
  const wide = Math.max(560, root.clientWidth - 34);
  const x = (/** @type {number} */ i) => 44 + (i / Math.max(1, days.length - 1)) * (wide - 64);
  const y = (/** @type {number} */ value) => 150 - ((value - low) / (high - low || 1)) * 130;
  const chart = svg("svg", { width: wide, height: 180, role: "img", "aria-label": t("{figure} by day, from {low} to {high}", { figure: figure.title, low: number(low, 1), high: number(high, 1) }) });
  for (const line of [low, (low + high) / 2, high]) {
    chart.append(svg("path", { class: "grid", d: `M44 ${y(line)}H${wide - 20}` }), svg("text", { x: 38, y: y(line) + 4, "text-anchor": "end" }, number(line, high - low < 10 ? 1 : 0)));
  }
  let d = "";
  values.forEach((value, i) => {
    if (value === null) return;
    d += `${d && values[i - 1] !== null ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (days.length <= 31) chart.append(svg("circle", { class: "dot", cx: x(i), cy: y(value), r: 2.5 }));
  });
  chart.append(svg("path", { class: "line", d }));
  const every = Math.ceil(days.length / 8);
  days.forEach((row, i) => i % every === 0 && chart.append(svg("text", { x: x(i), y: 174, "text-anchor": "middle" }, row.day.slice(5))));
  fill(root, h("header", null, h("h2", null, t("{figure} by day", { figure: figure.title }))), h("div.trend", null, h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("{figure} by day", { figure: figure.title }) }, chart),
    h("details", null, h("summary", null, t("As a table")), h("div.scroll", null, h("table", null, h("tbody", null, days.map((row) => {
      const cell = figureOf(row, chosen);
      const text = cell && figureText({ ...figure, ...cell });
      return h("tr", null, h("td", null, row.day), h("td.figure", null, text ? `${text.big} ${cell?.value === null ? "" : text.unit}` : "–"), h("td.figure.quiet", null, text?.fraction ?? ""));
    })))))));
}

/** The map's areas, shaded by the chosen figure: dark is high. */
function shade() {
  const layer = map?.layers.areas;
  if (!layer || !("shade" in layer) || !data) return;
  const values = new Map(data.by_area.map((row) => [row.code, figureOf(row, chosen)?.value ?? null]));
  const known = [...values.values()].filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const level = data.by_area[0]?.code.length > 9 ? "communit" : "street";
  layer.shade((code) => {
    const value = values.get(code) ?? null;
    return value === null ? null : (value - low) / (high - low || 1);
  }, level);
}

async function openMap() {
  const settings = /** @type {MapSettings} */ (await api.get("/map/settings"));
  map = createMap({ element: one("[data-map]"), settings, layers: page.layers, api, asks: true });
  const [west, south, east, north] = settings.bounds;
  map.map.fitBounds([[south, west], [north, east]]);
  shade();
}

selectors();
void load();
openMap().catch(complain);
