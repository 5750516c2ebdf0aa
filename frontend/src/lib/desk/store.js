/** What a desk holds: one queue that follows the journal, the counts of the others, the state of the link. */
import { applyEntries, byUrgency, queueRule } from "../fold.js";
import { follow } from "../live.js";

const RECENT = 500;
const COUNT_EVERY = 4000;
const POLL_EVERY = 15_000;

/** @typedef {{ count: number, overdue: number }} Count */
/**
 * @typedef {{
 *   queue: (items: Card[], change: { came: Set<string>, left: Set<string>, changed: Set<string> }) => void,
 *   entries: (items: Entry[]) => void, counts: (counts: Record<string, Count>) => void,
 *   link: (state: import("../live.js").LinkState) => void, other: (message: any) => void, failed: (error: unknown) => void,
 * }} DeskListeners
 */

/** @param {{ api: import("../api.js").Api, stream: string, organisation: string, listeners: DeskListeners }} options */
export function createStore({ api, stream, organisation, listeners }) {
  let queue = "";
  /** @type {Snapshot | null} */
  let snapshot = null;
  /** @type {ReturnType<typeof follow> | null} */
  let feed = null;
  let live = false;
  /** Entries heard lately, for a snapshot that was read before they were delivered. @type {Entry[]} */
  let recent = [];
  let countAgain = 0;

  const none = () => ({ came: new Set(), left: new Set(), changed: new Set() });
  const rule = () => queueRule(snapshot?.states ?? [], queue === "department" ? organisation : null);
  /** Decided here and on the way to the server: no longer on the list. @type {Set<string>} */
  const leaving = new Set();
  const shown = () => (snapshot?.items ?? []).filter((card) => !leaving.has(card.id)).sort(byUrgency);

  /** @param {string} id */
  async function load(id) {
    const asked = (queue = id);
    try {
      const fresh = /** @type {Snapshot} */ (await api.get("/snapshot", { queue: id }));
      if (asked !== queue) return;
      snapshot = fresh;
      snapshot = applyEntries(fresh, recent, rule()).snapshot;
      listeners.queue(shown(), none());
      if (!feed) start(fresh.head);
      void count();
    } catch (error) {
      if (asked === queue) listeners.failed(error);
    }
  }

  /** @param {number} head */
  function start(head) {
    feed = follow({
      stream, cursor: head,
      listeners: {
        entries(items) {
          recent = [...recent, ...items].slice(-RECENT);
          if (snapshot) {
            const result = applyEntries(snapshot, items, rule());
            snapshot = result.snapshot;
            if (result.came.size || result.left.size || result.changed.size) listeners.queue(shown(), result);
          }
          listeners.entries(items);
          countSoon();
        },
        reset: () => void reset(),
        other: listeners.other,
        link(state) {
          live = state.live;
          listeners.link(state);
        },
      },
    });
  }

  async function reset() {
    recent = [];
    await load(queue);
    if (snapshot) feed?.restart(snapshot.head);
  }

  async function count() {
    const summary = await api.get("/cases/summary");
    listeners.counts(/** @type {{ queues: Record<string, Count> }} */ (summary).queues);
  }

  function countSoon() {
    if (countAgain) return;
    countAgain = window.setTimeout(() => {
      countAgain = 0;
      count().catch(() => countSoon());
    }, COUNT_EVERY);
  }

  setInterval(() => {
    if (!live && feed) void load(queue);
  }, POLL_EVERY);

  return {
    load,
    reload: () => load(queue),
    total: () => Math.max(0, (snapshot?.count ?? 0) - (snapshot?.items ?? []).filter((card) => leaving.has(card.id)).length),
    /** Would a case of this state stand on the list? @param {Card} card @param {string} state */
    keeps: (card, state) => rule()({ ...card, state }),
    /** Off the list before the server has answered, or back on it. @param {string} id @param {boolean} on */
    leaves(id, on) {
      if (on) leaving.add(id);
      else leaving.delete(id);
      listeners.queue(shown(), none());
    },
    items: shown,
    /** The answer to our own move, before the journal brings it. @param {Card} card */
    own(card) {
      leaving.delete(card.id);
      if (!snapshot) return;
      const kept = snapshot.items.filter((item) => item.id !== card.id);
      const was = kept.length < snapshot.items.length;
      const stays = rule()(card);
      snapshot = { ...snapshot, items: stays ? [...kept, card] : kept, count: snapshot.count + Number(stays) - Number(was) };
      const change = none();
      (stays ? change.changed : change.left).add(card.id);
      listeners.queue(shown(), change);
    },
    stop: () => feed?.stop(),
  };
}
