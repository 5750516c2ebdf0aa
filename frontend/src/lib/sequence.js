/** Where a reader stands in the journal. Pure; the numbers are dense, so a loss shows itself. */

/**
 * What to do with a batch that covers (from, upto].
 *
 * apply  it starts where we stand or before: apply what is new in it, stand at upto
 * drop   we have it already
 * gap    something between is missing: come back with the cursor
 * @param {number} cursor
 * @param {{ from: number, upto: number }} batch
 * @returns {"apply" | "drop" | "gap"}
 */
export function judge(cursor, batch) {
  if (batch.upto <= cursor) return "drop";
  return batch.from <= cursor ? "apply" : "gap";
}

/** Pause before the n-th attempt: doubling from ½ s to 30 s, half of it by chance. @param {number} attempt @param {() => number} chance */
export function backoff(attempt, chance = Math.random) {
  const ceiling = Math.min(30_000, 500 * 2 ** attempt);
  return ceiling / 2 + (ceiling / 2) * chance();
}
