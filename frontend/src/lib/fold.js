/**
 * A list that follows the journal. Pure: fold(old snapshot, delivered entries) = fresh snapshot.
 *
 * The server has already judged what this reader may see; `sees` only says which of those cards belong on this list.
 */
/**
 * @param {Snapshot} snapshot
 * @param {Entry[]} entries in order
 * @param {(card: Card) => boolean} sees
 * @returns {{ snapshot: Snapshot, came: Set<string>, left: Set<string>, changed: Set<string> }}
 */
export function applyEntries(snapshot, entries, sees) {
  const cards = new Map(snapshot.items.map((card) => [card.id, card]));
  const came = new Set();
  const left = new Set();
  const changed = new Set();
  let { head, count } = snapshot;
  for (const entry of entries) {
    if (entry.seq <= head) continue;
    head = entry.seq;
    const known = cards.get(entry.case_id);
    const stays = !entry.gone && entry.card !== undefined && sees(entry.card);
    if (stays) {
      const card = /** @type {Card} */ (entry.card);
      if (known && known.version > card.version) continue;
      cards.set(entry.case_id, card);
      if (known) changed.add(entry.case_id);
      else {
        count += 1;
        left.delete(entry.case_id);
        came.add(entry.case_id);
      }
    } else if (known) {
      cards.delete(entry.case_id);
      count -= 1;
      came.delete(entry.case_id);
      changed.delete(entry.case_id);
      left.add(entry.case_id);
    }
  }
  return { snapshot: { ...snapshot, head, count, items: [...cards.values()] }, came, left, changed };
}

/** Most urgent first: by deadline, those without one by report time after them. @param {Card} a @param {Card} b */
export function byUrgency(a, b) {
  const due = (/** @type {Card} */ card) => (card.due_at && !card.paused ? Date.parse(card.due_at) : Infinity);
  const [x, y] = [due(a), due(b)];
  if (x !== y) return x - y;
  return Date.parse(a.reported_at) - Date.parse(b.reported_at) || a.id.localeCompare(b.id);
}

/**
 * Does a card that arrives live belong on a queue? The queue's states come with its snapshot.
 * @param {string[]} states
 * @param {string | null} organisation holder, for a queue of one's own cases only
 */
export const queueRule = (states, organisation) => (/** @type {Card} */ card) =>
  states.includes(card.state) && (organisation === null || card.organisation?.code === organisation);
