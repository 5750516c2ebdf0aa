import assert from "node:assert/strict";
import { test } from "node:test";
import { applyToView, countOf, singleOf, viewOf } from "../../frontend/src/map/squares.js";

const REST = ["closed", "void", "duplicate"];
const BOX = { west: 116, south: 39, east: 117, north: 40 };

/** A small generator of chance that gives the same numbers each time. @param {number} seed */
function dice(seed) {
  let state = seed;
  return (/** @type {number} */ sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

/** What the server would answer: counted one by one. */
function counted(cases, side, head) {
  const squares = new Map();
  for (const card of cases.values()) {
    const { west, south, east, north } = BOX;
    if (REST.includes(card.state) || !card.seen || card.lon < west || card.lon > east || card.lat < south || card.lat > north) continue;
    const key = side ? `${Math.floor(card.lon / side)}/${Math.floor(card.lat / side)}` : card.id;
    squares.set(key, [...(squares.get(key) ?? []), card]);
  }
  const clusters = [], items = [];
  for (const cards of squares.values()) {
    if (cards.length === 1) items.push({ ...cards[0] });
    else clusters.push({ count: cards.length, overdue: 0, lon: cards.reduce((s, c) => s + c.lon, 0) / cards.length, lat: cards.reduce((s, c) => s + c.lat, 0) / cards.length });
  }
  return { head, side, rest: REST, clusters, items };
}

for (const side of [0, 0.05, 0.3]) {
  test(`after every move the followed view has the numbers of a fresh one, side ${side}`, () => {
    const roll = dice(7);
    const cases = new Map();
    const view = viewOf(counted(cases, side, 0), BOX);
    for (let seq = 1; seq <= 2000; seq += 1) {
      const known = [...cases.values()];
      const old = known.length && roll(3) ? known[roll(known.length)] : null;
      const card = old ?? { id: `c${seq}`, state: "reported", seen: true, lon: 115.9 + roll(12000) / 10000, lat: 38.9 + roll(12000) / 10000 };
      const before = { ...card };
      if (old) {
        card.state = ["reported", "filed", "handling", "closed", "duplicate"][roll(5)];
        card.seen = roll(4) > 0;
      }
      cases.set(card.id, card);
      const had = old !== null && before.seen;
      const entry = { seq, case_id: card.id, from: before.state, had };
      if (card.seen) applyToView(view, [{ ...entry, card: { ...card } }]);
      else if (had) applyToView(view, [{ ...entry, gone: true, lon: card.lon, lat: card.lat }]);
      const fresh = viewOf(counted(cases, side, seq), BOX);
      assert.equal(countOf(view), countOf(fresh));
      assert.deepEqual(new Map([...view.squares].map(([key, one]) => [key, one.count])), new Map([...fresh.squares].map(([key, one]) => [key, one.count])));
      for (const [key, one] of fresh.squares) {
        assert.ok(Math.abs(view.squares.get(key).lon - one.lon) < 1e-9);
        const single = singleOf(view.squares.get(key));
        if (single) assert.equal(single.state, singleOf(one).state);
      }
    }
    assert.ok(countOf(view) > 100);
  });
}

test("an entry that came before the view was drawn changes nothing", () => {
  const view = viewOf({ head: 5, side: 0, rest: REST, clusters: [], items: [] }, BOX);
  applyToView(view, [{ seq: 5, case_id: "a", had: false, card: { id: "a", state: "filed", lon: 116.5, lat: 39.5 } }]);
  assert.equal(countOf(view), 0);
});

test("the last case of a square that nobody named is asked for", () => {
  const view = viewOf({ head: 0, side: 0.5, rest: REST, clusters: [{ lon: 116.1, lat: 39.1, count: 2, overdue: 0 }], items: [] }, BOX);
  const { ask } = applyToView(view, [{ seq: 1, case_id: "a", had: true, from: "filed", card: { id: "a", state: "closed", lon: 116.1, lat: 39.1 } }]);
  assert.equal(countOf(view), 1);
  assert.ok(ask);
});
