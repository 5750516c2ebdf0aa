/** Which square is how hot: pure, from the server's own counts. */

/** One ramp whose lightness alone tells its steps apart (after cividis). */
export const RAMP = ["#00224e", "#35456c", "#666970", "#a59c74", "#fee838"];

/** The step of the ramp: work by the square root of its share of the fullest square, time by the share overdue. @param {"work" | "time"} of @param {{ count: number, overdue: number }} square @param {number} most */
export function stepOf(of, { count, overdue }, most) {
  const share = of === "work" ? Math.sqrt(count / most) : overdue / count;
  return Math.min(RAMP.length - 1, Math.floor(share * RAMP.length));
}

/** @param {MapCases} answer @param {Date} now @returns {Map<string, { x: number, y: number, count: number, overdue: number }>} */
export function squaresOf(answer, now) {
  const squares = new Map();
  const add = (/** @type {number} */ lon, /** @type {number} */ lat, /** @type {number} */ count, /** @type {number} */ overdue) => {
    const [x, y] = [Math.floor(lon / answer.side), Math.floor(lat / answer.side)];
    const held = squares.get(`${x}/${y}`) ?? { x, y, count: 0, overdue: 0 };
    squares.set(`${x}/${y}`, { x, y, count: held.count + count, overdue: held.overdue + overdue });
  };
  answer.clusters.forEach((one) => add(one.lon, one.lat, one.count, one.overdue));
  answer.items.forEach((card) => add(card.lon, card.lat, 1, Number(Boolean(card.due_at && !card.paused && new Date(card.due_at) < now))));
  return squares;
}
