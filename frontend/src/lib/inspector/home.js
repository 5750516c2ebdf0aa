/** The inspector's first screen: map, tasks, own reports, and the outbox always in sight. */
import { fill, h, icon } from "../dom.js";
import { timeChip } from "../format.js";
import { className, conditionText, named, t, tn } from "../i18n.js";
import { mark, stateWord } from "../states.js";
import { both } from "../time.js";
import { empty, failed, skeleton } from "../ui.js";

/**
 * @param {{ root: HTMLElement, onphoto: (blobs: Blob[]) => void, ontask: (task: TaskOut & { case: Card }) => void,
 *   onmend: (item: import("../outbox.js").OutboxItem) => void, ondiscard: (item: import("../outbox.js").OutboxItem) => void, onsend: () => void }} options
 */
export function homeView({ root, onphoto, ontask, onmend, ondiscard, onsend }) {
  const mapBox = h("div.map-box.home-map");
  const outbox = h("section.outbox", { "aria-label": t("Outbox"), "aria-live": "polite" });
  const tasks = h("section", { "aria-label": t("Tasks") }, skeleton(2));
  const mine = h("section", { "aria-label": t("My reports") }, skeleton(3));
  const camera = h("input.visually-hidden", {
    type: "file", accept: "image/*", capture: "environment", id: "camera",
    onchange: () => camera.files?.length && onphoto([...camera.files]),
  });
  fill(root, h("h1.visually-hidden", null, t("On patrol")), mapBox, h("div.home-lists", null, outbox, tasks, mine),
    h("div.shutter", null, camera, h("label.button.primary.large", { for: "camera" }, icon("camera"), t("Photograph and report")),
      h("button.bare", { type: "button", onclick: () => onphoto([]) }, t("without camera"))));

  return {
    mapBox,
    /** @param {import("../outbox.js").OutboxItem[]} items */
    outbox(items) {
      const waiting = items.filter((item) => item.state === "waiting" || item.state === "sending");
      const needs = items.filter((item) => item.state === "needs");
      const sent = items.filter((item) => item.state === "sent").slice(0, 3);
      fill(outbox,
        h("div.outbox-line", null,
          h("span.chip", { class: waiting.length ? "busy-chip" : "" }, icon("arrow-up"), tn("{n} to send", "{n} to send", waiting.length)),
          needs.length > 0 && h("span.chip.fault-chip", null, icon("circle-alert"), tn("{n} needs you", "{n} need you", needs.length)),
          waiting.length > 0 && h("button", { type: "button", onclick: onsend }, t("Send now"))),
        (waiting.length > 0 || needs.length > 0) && h("ul.card", null, [...needs, ...waiting].map(outboxRow)),
        !waiting.length && !needs.length && sent.length > 0 && h("p.small.quiet", null, t("Last sent: {title} {number}", { title: sent[0].title, number: sent[0].number ?? "" }), " · ", both(sent[0].sent_at)));
    },
    /** @param {(TaskOut & { case: Card })[]} list */
    tasks: (list) => fill(tasks, h("h2", null, t("Tasks"), h("span.count", null, String(list.length))),
      list.length ? h("ul.card", null, list.map(taskRow)) : h("p.quiet.small", null, t("No task for you now. New ones appear here by themselves."))),
    /** @param {Card[]} list */
    mine: (list) => fill(mine, h("h2", null, t("My reports")),
      list.length ? h("ul.card", null, list.map(reportRow)) : empty(t("Nothing reported yet"), t("Photograph a problem in your cells; it is listed here with what becomes of it."), icon("camera"))),
    /** @param {"tasks" | "mine"} part @param {unknown} error @param {() => void} again */
    failed: (part, error, again) => fill(part === "tasks" ? tasks : mine, failed(error, again)),
  };

  /** @param {import("../outbox.js").OutboxItem} item */
  function outboxRow(item) {
    const word = item.state === "sending" ? t("sending") : item.state === "waiting" ? t("waiting for the connection") : item.fault?.message ?? t("needs you");
    return h("li.list-row", { class: item.state },
      icon(item.state === "needs" ? "circle-alert" : item.state === "sending" ? "loader-circle" : "arrow-up"),
      h("div", null, h("b", null, item.title), h("span.small", null, word), h("span.small.quiet", null, both(item.saved_at))),
      item.state === "needs" && h("span.actions", null,
        h("button", { type: "button", onclick: () => onmend(item) }, item.task === "report" ? t("Mend") : t("Look")),
        h("button.bare", { type: "button", "aria-label": t("Discard"), onclick: () => ondiscard(item) }, icon("trash-2"))));
  }

  /** @param {TaskOut & { case: Card }} task */
  function taskRow(task) {
    return h("li", null, h("button.list-row", { type: "button", onclick: () => ontask(task) },
      icon(task.kind === "verify" ? "search-check" : "clipboard-check"),
      h("div", null, h("b", null, `${task.kind === "verify" ? t("Verify") : t("Check")} · ${className(task.case)}`),
        h("span.small", null, conditionText(task.case)), h("span.small.quiet", null, named(task.case.community))),
      timeChip({ ...task.case, due_at: task.due_at ?? task.case.due_at }), icon("chevron-right")));
  }

  /** @param {Card} card */
  function reportRow(card) {
    return h("li.list-row", null, mark(card.state),
      h("div", null, h("b", null, className(card)), h("span.small", null, stateWord(card.state)), h("span.small.quiet", null, both(card.reported_at), " · ", card.number)));
  }
}
