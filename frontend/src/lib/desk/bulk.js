/** One move of many cases: picked by the search, by a line drawn on the map, or by cell; a result for each. */
import { fill, h, icon } from "../dom.js";
import { className, t, tn } from "../i18n.js";
import { busy, complain, dialog } from "../ui.js";
import { moveDialog } from "./moves.js";

const AT_MOST = 200;

/** Does a place lie inside a ring of lon/lat pairs? Pure. @param {[number, number][]} ring @param {number} lon @param {number} lat */
export function inside(ring, lon, lat) {
  let within = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [x1, y1] = ring[i];
    const [x2, y2] = ring[j];
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) within = !within;
  }
  return within;
}

/**
 * @param {{ api: import("../api.js").Api, queue: ReturnType<typeof import("./queue.js").queueView>, moves: () => MoveOut[],
 *   current: () => CaseOut | null, lasso: () => Promise<[number, number][] | null>, onmoved: (done: Bulked[]) => void }} options
 * lasso  the ring that she draws on the map; null when she gives up
 */
export function bulkView({ api, queue, moves, current, lasso, onmoved }) {
  const { bar } = queue;
  /** @type {Card[]} */
  let picked = [];

  function draw() {
    bar.hidden = !queue.isPicking();
    if (bar.hidden) return;
    const cell = current()?.cell_code;
    const many = picked.length > AT_MOST;
    fill(bar,
      h("div.actions", null,
        h("button", { type: "button", "data-pick": "shown", onclick: () => queue.pickWhere(() => true) }, t("All shown")),
        h("button", { type: "button", "data-pick": "cell", disabled: !cell, onclick: () => queue.pickWhere((card) => card.cell_code === cell) }, t("Same cell")),
        h("button", { type: "button", "data-pick": "lasso", onclick: () => draws().catch(complain) }, icon("lasso"), t("Draw on the map")),
        h("button.bare", { type: "button", "aria-label": t("Close"), onclick: close }, icon("x"))),
      h("p.small", { "aria-live": "polite", class: many ? "warn" : "" }, tn("{n} case picked", "{n} cases picked", picked.length), many && ` · ${t("at most {n} at once", { n: AT_MOST })}`),
      h("div.actions", null, moves().map((move) => h("button", { type: "button", disabled: !picked.length || many, "data-bulk": move.verb, onclick: () => ask(move) }, move.label))));
  }

  async function draws() {
    const ring = await lasso();
    if (ring) queue.pickWhere((card) => inside(ring, card.lon, card.lat));
  }

  /** What it asks is asked once, and confirmed in any case: many at once are not done by a slip. @param {MoveOut} move */
  function ask(move) {
    const first = current();
    const item = /** @type {CaseOut} */ (/** @type {unknown} */ ({ closing: "", conditions: [], ...first }));
    const label = tn("{verb}: {n} case", "{verb}: {n} cases", picked.length, { verb: move.label });
    moveDialog({ move: { ...move, label }, item, api, send: (args) => send(move, picked, args) });
  }

  /** @param {MoveOut} move @param {Card[]} cards @param {Record<string, unknown>} args */
  async function send(move, cards, args) {
    const items = cards.map((card) => ({ id: card.id, version: card.version }));
    const answer = /** @type {{ done: number, refused: number, items: Bulked[] }} */ (await api.post("/cases/bulk", { verb: move.verb, items, ...args }));
    results(move, cards, answer);
    queue.picking(false);
    onmoved(answer.items);
  }

  /** @param {MoveOut} move @param {Card[]} cards @param {{ done: number, refused: number, items: Bulked[] }} answer */
  function results(move, cards, answer) {
    const names = new Map(cards.map((card) => [card.id, className(card)]));
    const done = answer.items.filter((each) => each.done);
    const back = h("button", { type: "button", "data-undo-all": "", onclick: () => busy(back, () => undo(done)) }, t("Undo"));
    const { box } = dialog(t("{verb}: {done} done, {refused} refused", { verb: move.label, done: answer.done, refused: answer.refused }),
      h("ul.bulk-results", null, [...answer.items].sort((a, b) => Number(a.done) - Number(b.done)).map((each) => h("li", { class: each.done ? "done" : "refused", "data-result": each.id },
        icon(each.done ? "check" : "triangle-alert"),
        h("span", null, h("b", null, names.get(each.id) ?? ""), " ", each.number, each.error && h("span.small", null, `${each.error.message} ${each.error.mend}`))))),
      h("div.actions", null, done.length > 0 && UNDOABLE.has(move.verb) && back, h("button.primary", { type: "button", onclick: () => box.close() }, t("Close"))));
    if (UNDOABLE.has(move.verb)) setTimeout(() => back.remove(), 10_000);

    /** @param {Bulked[]} made */
    async function undo(made) {
      const items = made.map(({ id, version }) => ({ id, version }));
      const undone = /** @type {{ items: Bulked[] }} */ (await api.post("/cases/bulk", { verb: "undo", items }));
      box.close();
      results({ ...move, verb: "undo", label: t("Undo") }, cards, /** @type {any} */ (undone));
      onmoved(undone.items);
    }
  }

  function close() {
    queue.picking(false);
  }

  return {
    toggle: () => queue.picking(!queue.isPicking()),
    /** @param {Card[]} cards */
    picked(cards) {
      picked = cards;
      draw();
    },
  };
}

/** Moves that who made them may take back (`dispatch/workflow.py`); the server judges, this only offers. */
const UNDOABLE = new Set(["dispatch", "send_back", "cancel_dispatch", "accept", "return", "rework", "file"]);
