/**
 * Why this deadline? Each clock of a case as a drawn line, in words, and as a table that says the same.
 * The server reckons (`GET /cases/{id}/deadlines`, by the arithmetic that set the due date); here it is only laid out.
 */
import { fill, h, svg } from "./dom.js";
import { number, t } from "./i18n.js";
import { clockOf, dayOf, moment } from "./time.js";
import { failed, skeleton } from "./ui.js";

/** @typedef {{ piece: string, label: string, from_at: string, to_at: string, hours: number, swapped: boolean, note: string }} PieceOut */
/**
 * @typedef {{ id: number, name: string, label: string, state: string, limit_text: string, due_at: string | null, started_at: string,
 *   stopped_at: string | null, words: string[], pieces: PieceOut[], alarms: { step: string, at: string }[] }} ClockWhy
 */

const WIDTH = 1000;
const BAR = { top: 22, height: 26 };
const HEIGHT = 70;
let drawn = 0;

/** @param {string} iso */
const ms = (iso) => new Date(iso).getTime();

/**
 * Where the pieces lie on the line, in parts of its width; what is shorter than a hair is still seen. Pure.
 * @param {{ from_at: string, to_at: string }[]} pieces @param {number} first @param {number} last
 */
export function places(pieces, first, last) {
  const span = Math.max(1, last - first);
  return pieces.map((piece) => {
    const x = ((ms(piece.from_at) - first) / span) * WIDTH;
    return { x, width: Math.max(1.5, ((ms(piece.to_at) - ms(piece.from_at)) / span) * WIDTH) };
  });
}

/** Midnights of the city between two instants, at most so many, evenly thinned. Pure. @param {number} first @param {number} last @param {number} [most] */
export function midnights(first, last, most = 12) {
  const day = 86_400_000;
  const found = [];
  const start = new Date(`${dayOf(new Date(first))}T00:00:00+08:00`).getTime() + day;
  for (let at = start; at < last; at += day) found.push(at);
  const step = Math.ceil(found.length / most);
  return found.filter((_, n) => n % Math.max(1, step) === 0);
}

/** A short day under a tick. @param {number} at */
const dayWord = (at) => dayOf(new Date(at)).slice(5);

/** The patterns that tell pieces apart without colour. @param {string} id */
function patterns(id) {
  /** @param {string} name @param {string} d */
  const hatch = (name, d) => svg("pattern", { id: `${id}-${name}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    svg("rect", { width: 6, height: 6, class: `why-ground ${name}` }), svg("path", { d, class: "why-hatch" }));
  return svg("defs", {}, hatch("paused", "M0 6L6 0M-1 1L1 -1M5 7L7 5"), hatch("holiday", "M0 0L6 6M-1 5L1 7M5 -1L7 1"), hatch("season", "M0 3H6M3 0V6"));
}

/** @param {ClockWhy} clock @param {string} now */
function line(clock, now) {
  drawn += 1;
  const id = `why-${drawn}`;
  const marks = [clock.due_at, clock.state === "stopped" ? clock.stopped_at : null].filter((at) => at !== null).map(ms);
  const first = ms(clock.started_at);
  const last = Math.max(first + 1, ...marks, ...clock.pieces.map((piece) => ms(piece.to_at)));
  /** @param {number} at */
  const x = (at) => ((at - first) / (last - first)) * WIDTH;
  const where = places(clock.pieces, first, last);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "why-line", role: "img", "aria-label": clock.words.join(" "), preserveAspectRatio: "none" }, patterns(id));
  clock.pieces.forEach((piece, n) => {
    const title = svg("title", {}, `${piece.label}${piece.note ? ` (${piece.note})` : ""}: ${moment(new Date(piece.from_at), new Date(now))} – ${moment(new Date(piece.to_at), new Date(now))}`);
    const hatched = ["paused", "holiday", "season"].includes(piece.piece);
    picture.append(svg("rect", {
      x: where[n].x, y: BAR.top, width: where[n].width, height: BAR.height, class: `why-piece ${piece.piece}`,
      ...(hatched ? { fill: `url(#${id}-${piece.piece})` } : {}),
    }, title));
    if (piece.swapped) picture.append(svg("rect", { x: where[n].x, y: BAR.top - 5, width: where[n].width, height: 4, class: "why-swapped" }));
  });
  for (const at of midnights(first, last)) picture.append(svg("line", { x1: x(at), x2: x(at), y1: BAR.top + BAR.height, y2: BAR.top + BAR.height + 6, class: "why-tick" }));
  const here = ms(now);
  if (clock.state !== "stopped" && here > first && here < last) picture.append(svg("line", { x1: x(here), x2: x(here), y1: BAR.top - 12, y2: BAR.top + BAR.height + 8, class: "why-now" }));
  if (clock.due_at) picture.append(svg("line", { x1: x(ms(clock.due_at)), x2: x(ms(clock.due_at)), y1: BAR.top - 12, y2: BAR.top + BAR.height + 8, class: "why-due" }));
  return h("div.why-picture", null, picture, labels(clock, now, first, last));
}

/** Words beside the line, as text that zooms and is read: HTML over the picture. @param {ClockWhy} clock @param {string} now @param {number} first @param {number} last */
function labels(clock, now, first, last) {
  /** @param {string} kind @param {number} at @param {string} word */
  const label = (kind, at, word) => {
    const element = h("span", { class: kind }, word);
    element.style.left = `${(((at - first) / (last - first)) * 100).toFixed(2)}%`;
    return element;
  };
  const here = ms(now);
  return h("div.why-labels", { "aria-hidden": "true" },
    midnights(first, last).map((at) => label("day", at, dayWord(at))),
    clock.state !== "stopped" && here > first && here < last && label("now", here, t("now")),
    clock.due_at && label("due", ms(clock.due_at), `${t("due")} ${clockOf(new Date(clock.due_at))}`));
}

/** @param {ClockWhy} clock */
function legend(clock) {
  const kinds = new Map(clock.pieces.map((piece) => [`${piece.piece}${piece.swapped}`, piece]));
  return h("ul.why-legend", { "aria-hidden": "true" }, [...kinds.values()].map((piece) =>
    h("li", null, h("i", { class: `why-key ${piece.piece}${piece.swapped ? " swapped" : ""}` }), piece.label)));
}

/** The same as a table. @param {ClockWhy} clock @param {string} now */
function table(clock, now) {
  let sum = 0;
  return h("details.why-table", null, h("summary", null, t("As a table")),
    h("div.why-scroll", null, h("table", null,
      h("caption.visually-hidden", null, clock.label),
      h("thead", null, h("tr", null, [t("From"), t("To"), t("What"), t("Hours counted"), t("Together")].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, clock.pieces.map((piece) => {
        sum += piece.hours;
        const counts = piece.hours > 0;
        return h("tr", { class: piece.piece }, h("td", null, moment(new Date(piece.from_at), new Date(now))), h("td", null, moment(new Date(piece.to_at), new Date(now))),
          h("td", null, piece.label, piece.note && ` · ${piece.note}`), h("td.num", null, counts ? number(piece.hours, 2) : "–"), h("td.num", null, counts ? number(sum, 2) : ""));
      })))));
}

/** @param {ClockWhy} clock @param {string} now */
function section(clock, now) {
  return h("section.why-clock", { "data-clock": clock.name },
    h("h3", null, clock.label, h("span.quiet", null, ` · ${clock.limit_text}`)),
    line(clock, now), legend(clock),
    h("div.why-words", null, clock.words.map((sentence) => h("p", null, sentence))),
    table(clock, now));
}

/**
 * Mounts the explanation of a case's clocks.
 * @param {{ root: HTMLElement, api: import("./api.js").Api, caseId: string, clock?: string }} options clock: only those of that name
 */
export async function mountWhy({ root, api, caseId, clock }) {
  fill(root, skeleton(6));
  try {
    const answer = /** @type {{ at: string, clocks: ClockWhy[] }} */ (await api.get(`/cases/${caseId}/deadlines`));
    const shown = answer.clocks.filter((one) => !clock || one.name === clock).reverse();
    fill(root, h("div.why", null, shown.map((one) => section(one, answer.at))));
  } catch (error) {
    fill(root, failed(error, () => void mountWhy({ root, api, caseId, clock })));
  }
}

/**
 * The same folded away under a line that is opened on demand; nothing is asked for before.
 * @param {{ api: import("./api.js").Api, caseId: string }} options
 */
export function whyFold({ api, caseId }) {
  const root = h("div");
  const fold = h("details.why-fold", null, h("summary", null, t("Why this deadline?")), root);
  fold.addEventListener("toggle", () => fold.open && !root.childElementCount && void mountWhy({ root, api, caseId }));
  return fold;
}

/** What is asked for, and supervision, as chips on a case. @param {{ relief?: { kind: string, by: string } | null, supervised?: string, late?: boolean, appeal?: string }} card */
export function deadlineChips(card) {
  /** @type {Record<string, string>} */
  const asked = { extension: t("more time asked for"), hanging: t("hanging asked for"), appeal: t("appeal against lateness") };
  /** @type {Record<string, string>} */
  const posts = { department: t("the department"), dispatcher: t("the dispatcher"), acceptor: t("the acceptor"), shift_leader: t("the shift leader"), manager: t("the head") };
  /** @type {Record<string, string>} */
  const supervised = { timeout: t("supervised: timeout"), leader: t("supervised by a leader"), important: t("supervised: important") };
  /** @type {Record<string, string>} */
  const appeals = { granted: t("handled late, exempt on appeal"), refused: t("handled late, appeal refused") };
  const chips = [
    card.supervised && supervised[card.supervised],
    card.relief && t("{what}; {who} decides", { what: asked[card.relief.kind] ?? card.relief.kind, who: posts[card.relief.by] ?? card.relief.by }),
    card.late && (appeals[card.appeal ?? ""] ?? t("handled late")),
  ].filter(Boolean);
  return chips.length ? h("p.why-chips", null, chips.map((text) => h("span.chip", null, text))) : null;
}
