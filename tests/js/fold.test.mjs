import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEntries, byUrgency, queueRule } from "../../frontend/src/lib/fold.js";

const card = (id, state, version = 1, more = {}) => ({
  id, state, version, number: id, due_at: null, paused: false, reported_at: "2026-11-22T01:00:00Z", organisation: null, ...more,
});
const entry = (seq, theCard, more = {}) => ({ seq, case_id: theCard?.id ?? more.case_id, verb: "x", card: theCard, ...more });
const ids = (snapshot) => snapshot.items.map((item) => item.id).sort();
const dispatch = queueRule(["filed"], null);
const start = { stream: "110101", head: 10, count: 2, states: ["filed"], items: [card("a", "filed"), card("b", "filed")] };

test("a case that enters the queue is added and counted", () => {
  const { snapshot, came } = applyEntries(start, [entry(11, card("c", "filed"))], dispatch);
  assert.deepEqual(ids(snapshot), ["a", "b", "c"]);
  assert.equal(snapshot.count, 3);
  assert.equal(snapshot.head, 11);
  assert.deepEqual([...came], ["c"]);
});

test("a case that leaves the queue's states is taken off", () => {
  const { snapshot, left } = applyEntries(start, [entry(11, card("a", "dispatched", 2))], dispatch);
  assert.deepEqual(ids(snapshot), ["b"]);
  assert.equal(snapshot.count, 1);
  assert.deepEqual([...left], ["a"]);
});

test("a case that the reader may no longer see is taken off, whatever its card says", () => {
  const { snapshot } = applyEntries(start, [entry(11, undefined, { case_id: "a", gone: true })], dispatch);
  assert.deepEqual(ids(snapshot), ["b"]);
});

test("an entry that the snapshot already holds changes nothing", () => {
  const { snapshot } = applyEntries(start, [entry(10, card("a", "dispatched", 2)), entry(9, card("z", "filed"))], dispatch);
  assert.deepEqual(snapshot, start);
});

test("an older card does not overwrite a newer one that our own move brought", () => {
  const newer = { ...start, items: [card("a", "filed", 5)] };
  const { snapshot } = applyEntries(newer, [entry(11, card("a", "filed", 4))], dispatch);
  assert.equal(snapshot.items[0].version, 5);
  assert.equal(snapshot.head, 11);
});

test("in and out within one batch leaves no trace", () => {
  const { snapshot, came, left } = applyEntries(start, [entry(11, card("c", "filed")), entry(12, card("c", "dispatched", 2))], dispatch);
  assert.deepEqual(ids(snapshot), ["a", "b"]);
  assert.equal(snapshot.count, 2);
  assert.equal(came.size, 0);
  assert.deepEqual([...left], ["c"]);
});

test("fold(old snapshot, entries) = fresh snapshot, for random walks and any batching", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
  const states = ["reported", "verifying", "verified", "filed", "dispatched", "handling", "handled", "checking", "checked", "closed"];
  for (const [queue, holder] of [[["reported", "verified"], null], [["filed"], null], [["dispatched", "handling"], "D1"], [states.slice(0, 9), null]]) {
    const sees = queueRule(queue, holder);
    const world = new Map();
    const move = (seq) => {
      const id = `case${random(12)}`;
      const next = card(id, states[random(states.length)], (world.get(id)?.version ?? 0) + 1, { organisation: { code: `D${random(2)}`, name: "" } });
      world.set(id, next);
      return entry(seq, next);
    };
    for (let seq = 1; seq <= 40; seq += 1) move(seq);
    const fresh = (head) => {
      const items = [...world.values()].filter(sees);
      return { stream: "s", head, count: items.length, items };
    };
    let folded = fresh(40);
    for (let seq = 41; seq <= 400;) {
      const batch = Array.from({ length: 1 + random(7) }, () => move(seq++));
      folded = applyEntries(folded, batch, sees).snapshot;
      const truth = fresh(seq - 1);
      assert.deepEqual(ids(folded), ids(truth));
      assert.equal(folded.count, truth.count);
      assert.equal(folded.head, truth.head);
    }
  }
});

test("most urgent first; paused and clockless cases after those with a deadline", () => {
  const late = card("late", "filed", 1, { due_at: "2026-11-22T02:00:00Z" });
  const soon = card("soon", "filed", 1, { due_at: "2026-11-22T03:00:00Z" });
  const paused = card("paused", "filed", 1, { due_at: "2026-11-22T01:00:00Z", paused: true });
  const old = card("old", "filed", 1, { reported_at: "2026-11-21T00:00:00Z" });
  assert.deepEqual([paused, soon, old, late].sort(byUrgency).map((item) => item.id), ["late", "soon", "old", "paused"]);
});

test("a department's queue holds only its own cases", () => {
  const sees = queueRule(["dispatched", "handling"], "WATER");
  assert.equal(sees(card("a", "handling", 1, { organisation: { code: "WATER" } })), true);
  assert.equal(sees(card("a", "handling", 1, { organisation: { code: "ROADS" } })), false);
  assert.equal(sees(card("a", "filed", 1, { organisation: { code: "WATER" } })), false);
});
