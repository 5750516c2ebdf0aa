/** What is known of a case: place, component, clocks, tasks, history. Pure building, no requests. */
import { h, icon } from "../dom.js";
import { className, named, t } from "../i18n.js";
import { sourceWord } from "../format.js";
import { distance } from "../geo.js";
import { mark, ring, stateWord } from "../states.js";
import { both, timeLeft } from "../time.js";

/** @param {string} term @param {...import("../dom.js").Child} value */
const fact = (term, ...value) => h("div.fact", null, h("dt", null, term), h("dd", null, ...value));

/** @param {CaseOut} item */
export function facts(item) {
  const place = [named(item.street), named(item.community)].filter(Boolean).join(" · ");
  return h("dl.facts", null,
    item.text && fact(t("Text"), item.text),
    fact(t("Place"), place || item.cell_code, item.address && ` · ${item.address}`,
      h("span.small.quiet", null, `${t("cell")} ${item.cell_code} · ${item.lon.toFixed(6)}, ${item.lat.toFixed(6)}`, item.accuracy_m ? ` ±${Math.round(item.accuracy_m)} m` : "")),
    item.component && fact(t("Component"), item.component.name || item.component.code, h("span.small.quiet", null, item.component.code),
      item.component.owner && h("span.small", null, `${t("owner")} ${named(item.component.owner)}`)),
    item.organisation && fact(t("With"), named(item.organisation)),
    fact(t("Source"), sourceWord(item.source), item.reporter?.name && ` · ${item.reporter.name}`, item.reporter?.phone && ` ${item.reporter.phone}`, h("span.small.quiet", null, both(item.reported_at))),
  );
}

/** @param {ClockOut} clock */
function stopped(clock) {
  const late = Boolean(clock.due_at && clock.stopped_at && clock.stopped_at > clock.due_at);
  return { state: late ? "overdue" : "done", share: 1, word: late ? t("stopped, late") : t("stopped, in time") };
}

/** @param {CaseOut} item */
export function clocks(item) {
  if (!item.clocks.length) return null;
  const now = new Date();
  return h("section", null, h("h3", null, t("Clocks")), h("table.clocks", null, h("tbody", null, item.clocks.map((clock) => {
    const running = clock.state !== "stopped";
    const left = running
      ? timeLeft({ due_at: clock.due_at, clock: clock.name, clock_started_at: clock.started_at, paused: clock.state === "paused", state: "" }, now)
      : stopped(clock);
    return h("tr", null, h("td", null, clock.label), h("td.quiet", null, clock.limit_text),
      h("td", null, h("span.time", { class: left.state }, ring(left), h("span", null, left.word))),
      h("td.quiet.small", null, running ? clock.due_at && t("due {time}", { time: both(clock.due_at) }) : both(clock.stopped_at)));
  }))));
}

/** What an inspector found, in words. @param {string} result */
function resultWord(result) {
  /** @type {Record<string, string>} */
  const words = {
    exists: t("It is there"), not_exists: t("It is not there"), cannot_tell: t("Cannot tell"), pass: t("Mended"), fail: t("Not mended"),
  };
  return words[result] ?? result;
}

/** @param {CaseOut} item */
export function tasks(item) {
  if (!item.tasks.length) return null;
  return h("section", null, h("h3", null, t("On site")), h("ul.tasks", null, item.tasks.map((task) => h("li", null,
    icon(task.kind === "verify" ? "search-check" : "clipboard-check"),
    h("div", null,
      h("b", null, task.kind === "verify" ? t("Verification") : t("Check")), " ",
      task.inspector && h("span", null, task.inspector), " ",
      task.result ? h("b", null, resultWord(task.result)) : h("span.quiet", null, t("out")),
      h("span.small.quiet", null, both(task.done_at ?? task.sent_at), task.distance_m !== null && task.distance_m !== undefined ? ` · ${t("{distance} from the place", { distance: distance(task.distance_m) })}` : ""),
      task.far && h("p.warn.small", null, icon("triangle-alert"), " ", t("Answered far from the place")),
      task.note && h("p", null, task.note))))));
}

/** Cases that belong together with this one. @param {LinkedCase[]} others @param {(card: Card) => void} onpick */
export function links(others, onpick) {
  if (!others.length) return null;
  return h("section", null, h("h3", null, t("Linked cases")), h("ul.tasks", null, others.map((link) => h("li", null,
    h("button.around-row", { type: "button", "data-case": link.id, onclick: () => onpick(link) }, mark(link.state),
      h("span", null, h("b", null, className(link)), h("span.small.quiet", null, [link.label, link.number, stateWord(link.state)].join(" · "))))))));
}

/** Who else saw the same. @param {CaseOut} item */
export function joinings(item) {
  if (!item.joinings?.length) return null;
  return h("section", null, h("h3", null, t("Seen again")), h("ul.tasks", null, item.joinings.map((joining) => h("li", null,
    icon("eye"),
    h("div", null,
      h("b", null, joining.person || t("a citizen")), " ",
      h("span.small.quiet", null, both(joining.joined_at), joining.distance_m === null ? "" : ` · ${t("{distance} from the place", { distance: distance(joining.distance_m) })}`),
      joining.note && h("p", null, joining.note))))));
}

/** The facts of an entry that a reader wants, in words. @param {Record<string, any>} facts */
function tell(facts) {
  const wanted = ["result", "organisation", "handler", "number", "reason", "closing", "note"];
  return wanted.filter((key) => facts[key]).map((key) => (key === "result" ? resultWord(facts[key]) : named(facts[key])));
}

/** @param {CaseOut} item */
export function history(item) {
  return h("section", null, h("h3", null, t("History")), h("ol.history", null, [...item.history].reverse().map((entry) => h("li", null,
    h("div", null, h("b", null, entry.label), entry.state_to && h("span.quiet", null, ` → ${stateWord(entry.state_to)}`)),
    h("div.small.quiet", null, both(entry.at), entry.by && ` · ${[entry.by.name, entry.by.post, entry.by.organisation].filter(Boolean).join(", ")}`),
    tell(entry.facts ?? {}).map((text) => h("p", null, text))))));
}
