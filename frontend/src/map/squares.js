/**
 * Open cases of a view, counted by squares of the map, as the server counted them; kept true by journal entries.
 * Pure: old view + delivered entries = fresh view, in numbers. Every entry says whether its reader saw the case before
 * (`had`) and how it stood (`from`), so each case is counted once in and once out without anybody knowing them all.
 */
/** @typedef {{ west: number, south: number, east: number, north: number }} Box */
/** @typedef {{ key: string, count: number, overdue: number, lon: number, lat: number, cards: Map<string, Card> }} Square */
/** @typedef {{ head: number, side: number, rest: string[], box: Box, squares: Map<string, Square> }} View */

/** @param {number} side @param {string} id @param {number} lon @param {number} lat */
const keyOf = (side, id, lon, lat) => (side > 0 ? `${Math.floor(lon / side)}/${Math.floor(lat / side)}` : id);

/** @param {MapCases} answer @param {Box} box what was asked for @returns {View} */
export function viewOf(answer, box) {
  const { head, side, rest } = answer;
  const squares = new Map();
  for (const { lon, lat, count, overdue } of answer.clusters) {
    const key = keyOf(side, "", lon, lat);
    squares.set(key, { key, count, overdue, lon, lat, cards: new Map() });
  }
  for (const card of answer.items) {
    const key = keyOf(side, card.id, card.lon, card.lat);
    squares.set(key, { key, count: 1, overdue: 0, lon: card.lon, lat: card.lat, cards: new Map([[card.id, card]]) });
  }
  return { head, side, rest, box, squares };
}

/** How many open cases the view has. @param {View} view */
export const countOf = (view) => [...view.squares.values()].reduce((sum, square) => sum + square.count, 0);

/** A square that shows its one case; null: a number. @param {Square} square */
export const singleOf = (square) => (square.count === 1 && square.cards.size === 1 ? [...square.cards.values()][0] : null);

/**
 * Changes the view; gives the keys of the squares that changed, and whether something can only be told by asking again
 * (which case is the last of a square, how many of a square are overdue).
 * @param {View} view @param {Entry[]} entries in order
 */
export function applyToView(view, entries) {
  const changed = new Set();
  let ask = false;
  for (const entry of entries) {
    if (entry.seq <= view.head) continue;
    view.head = entry.seq;
    const card = entry.gone ? undefined : entry.card;
    const lon = card?.lon ?? entry.lon;
    const lat = card?.lat ?? entry.lat;
    if (lon === undefined || lat === undefined) continue; // a survey lies in many places
    const { west, south, east, north } = view.box;
    if (lon < west || lon > east || lat < south || lat > north) continue;
    const was = Boolean(entry.had) && !view.rest.includes(entry.from ?? "");
    const is = card !== undefined && !view.rest.includes(card.state);
    if (!was && !is) continue;
    const key = keyOf(view.side, entry.case_id, lon, lat);
    const square = view.squares.get(key) ?? { key, count: 0, overdue: 0, lon, lat, cards: new Map() };
    changed.add(key);
    const before = square.count;
    square.count += Number(is) - Number(was);
    if (square.count > 0 && square.count !== before) {
      square.lon += ((lon - square.lon) * (square.count - before)) / square.count;
      square.lat += ((lat - square.lat) * (square.count - before)) / square.count;
    }
    if (is) square.cards.set(entry.case_id, /** @type {Card} */ (card));
    else square.cards.delete(entry.case_id);
    ask ||= square.overdue > 0 || (square.count === 1 && square.cards.size !== 1);
    if (square.count > 0) view.squares.set(key, square);
    else view.squares.delete(key);
  }
  return { changed, ask };
}
