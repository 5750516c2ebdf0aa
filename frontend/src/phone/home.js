/** The inspector's first screen: own cells, tasks, and what is on its way, always in sight. */
import { fill, h, icon } from "../lib/dom.js";
import { timeChip } from "../lib/format.js";
import { className, conditionText, isChinese, named, t, tn } from "../lib/i18n.js";
import { mark, stateWord } from "../lib/states.js";
import { both } from "../lib/time.js";

import { hoursSince, sketch } from "./sketch.js";
import { newWords } from "./talk.js";
import { playButton } from "./voice.js";

/** @typedef {import("./outbox.js").Item} Item */

/** A cell that nobody has seen for so long is counted on the first screen. */
const STALE_H = 24;

/** Says whether what is to be drawn is other than the last time; times told in words grow old within a minute. */
function changes() {
  let was = "";
  return (/** @type {unknown[]} */ ...now) => was !== (was = JSON.stringify([now, Math.floor(Date.now() / 60_000)]));
}

/**
 * @param {{ root: HTMLElement, ontask: (task: PhoneTask) => void, onsurvey: (task: SurveyTask) => void, onopen: (item: Item) => void,
 *   ondiscard: (item: Item) => void, ontalk: (card: Card) => void, onsend: () => void, onmap: () => void,
 *   played: (item: Item) => Promise<string>, voiceUrl: (id: string) => string }} options
 * played     the address of an item's voice note that lies on the phone; voiceUrl of one that the city has
 */
export function homeView({ root, ontask, onsurvey, onopen, ondiscard, ontalk, onsend, onmap, played, voiceUrl }) {
  const canvas = h("canvas.sketch");
  /** @type {Pack | null} */
  let sketched = null;
  const stale = h("span.sketch-word");
  const glance = h("button.sketch-button", { type: "button", onclick: onmap }, canvas, stale, h("span.visually-hidden", null, t("Open the map")));
  const mapBox = h("section.map-box.home-map", { "aria-label": t("My cells") }, glance);
  const notices = h("div.notices");
  const outbox = h("section.outbox", { "aria-label": t("Outbox"), "aria-live": "polite" });
  const tasks = h("section", { "aria-label": t("Tasks") });
  const mine = h("section", { "aria-label": t("My reports") });
  fill(root, h("h1.visually-hidden", { tabindex: "-1" }, t("On patrol")), notices, mapBox, h("div.home-lists", null, outbox, tasks, mine));

  const [tasksAre, mineAre] = [changes(), changes()];
  return {
    notices,
    /** An empty place for the map, where the sketch was. */
    mapPlace() {
      const place = h("div.map-box.home-map-place");
      fill(mapBox, place);
      return place;
    },
    /** @param {Pack} pack */
    sketch(pack) {
      if (pack === sketched && canvas.isConnected) return;
      sketched = pack;
      fill(mapBox, glance);
      const own = pack.ground.cells.filter((cell) => cell.own);
      const late = own.filter((cell) => hoursSince(pack.visits[cell.code]) > STALE_H).length;
      fill(stale, own.length ? tn("{n} of {all} cells not visited for a day", "{n} of {all} cells not visited for a day", late, { all: own.length }) : t("No cells are yours today."));
      void sketch(canvas, pack);
    },
    /** @param {Item[]} items @param {number} person */
    outbox(items, person) {
      const own = items.filter((item) => item.person === person);
      const others = items.filter((item) => item.person !== person && ["waiting", "sending", "needs"].includes(item.state)).length;
      const of = (/** @type {string[]} */ ...states) => own.filter((item) => states.includes(item.state));
      const [waiting, needs, drafts, sent] = [of("waiting", "sending"), of("needs"), of("draft"), of("sent")];
      outbox.dataset.sent = String(sent.length);
      fill(outbox,
        h("div.outbox-line", null,
          h("span.chip", { class: waiting.length ? "busy-chip" : "" }, icon("arrow-up"), tn("{n} to send", "{n} to send", waiting.length)),
          needs.length > 0 && h("span.chip.fault-chip", null, icon("circle-alert"), tn("{n} needs you", "{n} need you", needs.length)),
          drafts.length > 0 && h("span.chip", null, icon("file-pen-line"), tn("{n} draft", "{n} drafts", drafts.length)),
          waiting.length > 0 && h("button", { type: "button", onclick: onsend }, t("Send now"))),
        (waiting.length > 0 || needs.length > 0 || drafts.length > 0) && h("ul.card", null, [...needs, ...drafts, ...waiting].slice(0, 30).map(row)),
        others > 0 && h("p.small.notice", null, tn("{n} report of somebody else lies on this phone and is sent when they sign in.", "{n} reports of somebody else lie on this phone and are sent when they sign in.", others)),
        !waiting.length && !needs.length && sent.length > 0 && h("p.small", null, icon("check"), " ", t("Last sent: {title} {number}", { title: sent[0].title, number: sent[0].number ?? "" }), " · ", both(sent[0].sent_at)));
    },
    /** @param {PhoneTask[]} list @param {SurveyTask[]} surveys @param {Map<string, number>} unread */
    tasks: (list, surveys, unread) => tasksAre(list, surveys, [...unread]) && fill(tasks, h("h2", null, t("Tasks"), h("span.count", null, String(list.length + surveys.length))),
      list.length + surveys.length
        ? h("ul.card", null, list.map((task) => taskRow(task, unread.get(task.case.id) ?? 0)), surveys.map(surveyRow))
        : h("p.small", null, t("No task for you now. New ones appear here by themselves."))),
    /** @param {Card[]} list @param {Map<string, number>} unread */
    mine: (list, unread) => mineAre(list, [...unread]) && fill(mine, h("h2", null, t("My reports")),
      list.length ? h("ul.card", null, list.map((card) => reportRow(card, unread.get(card.id) ?? 0))) : h("p.small", null, t("Photograph a problem in your cells; it is listed here with what becomes of it."))),
  };

  /** @param {Item} item */
  function row(item) {
    /** @type {Record<string, [Node, string]>} */
    const words = {
      draft: [icon("file-pen-line"), t("draft: not submitted")], waiting: [icon("arrow-up"), t("waiting for the connection")], sending: [icon("loader-circle"), t("sending")],
      needs: [icon("circle-alert"), item.fault ? `${item.fault.message} ${item.fault.mend}` : t("needs you")],
    };
    const [sign, word] = words[item.state] ?? [icon("check"), ""];
    const hers = item.state === "needs" || item.state === "draft";
    const pictures = item.photos.filter((photo) => photo.kind !== "voice").length;
    return h("li.list-row", { class: item.state, "data-item": item.id }, sign,
      h("div", null, h("b", null, item.title), h("span.small", null, word), h("span.small.quiet", null, both(item.saved_at), pictures > 0 && ` · ${tn("{n} photo", "{n} photos", pictures)}`),
        pictures < item.photos.length && playButton(() => played(item))),
      hers && h("span.actions", null,
        h("button", { type: "button", onclick: () => onopen(item) }, item.state === "draft" ? t("Go on") : t("Mend")),
        h("button.bare", { type: "button", "aria-label": t("Discard {title}", { title: item.title }), onclick: () => ondiscard(item) }, icon("trash-2"))));
  }

  /** @param {PhoneTask} task @param {number} unread */
  function taskRow(task, unread) {
    return h("li", null, h("button.list-row", { type: "button", "data-task": task.id, onclick: () => ontask(task) },
      icon(task.kind === "verify" ? "search-check" : "clipboard-check"),
      h("div", null, h("b", null, `${task.kind === "verify" ? t("Verify") : t("Check")} · ${className(task.case)}`),
        h("span.small", null, conditionText(task.case)), h("span.small.quiet", null, task.address || named(task.case.community)), newWords(unread)),
      timeChip({ ...task.case, due_at: task.due_at ?? task.case.due_at }), icon("chevron-right")));
  }

  /** @param {SurveyTask} task */
  function surveyRow(task) {
    return h("li", null, h("button.list-row", { type: "button", "data-survey": task.id, onclick: () => onsurvey(task) },
      icon("list-checks"), h("div", null, h("b", null, `${t("Survey")} · ${isChinese() ? task.class_name : task.class_name_en || task.class_name}`),
        h("span.small", null, task.title), h("span.small.quiet", null, t("Cell {code}", { code: task.cell_code.slice(-6) }))), icon("chevron-right")));
  }

  /** @param {Card} card @param {number} unread */
  function reportRow(card, unread) {
    return h("li", null, h("button.list-row", { type: "button", "data-case": card.id, onclick: () => ontalk(card) }, mark(card.state),
      h("div", null, h("b", null, className(card)), h("span.small", null, card.main ? t("The same as case {number}: {state}.", { number: card.main.number, state: stateWord(card.main.state) }) : stateWord(card.state)), h("span.small.quiet", null, both(card.reported_at), " · ", card.number), newWords(unread)),
      icon("chevron-right")),
    card.voice && h("div.row-voice", null, playButton(async () => voiceUrl(/** @type {string} */ (card.voice)))));
  }
}
