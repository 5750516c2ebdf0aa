/**
 * Which classes and conditions are likely here and now. The same sum as dispatch/ranking.py, over the table in the
 * phone's pack: hundredths of natural logarithms, so that every term can be told and compared. Pure.
 */
import { clockOf, dayOf } from "../lib/time.js";

/** @typedef {"near" | "beside" | "hour" | "season" | "own" | "common"} Why */
/** @typedef {{ class_id: number, condition_id: number | null, score: number, why: Why }} Chip */

const BANDS_M = [8, 20, 50];
const BESIDE_M = 20;
/** A term that adds less than this is not worth telling. */
const TELLING = 20;

/** 0 winter (December to February) … 3 autumn. @param {Date} at */
const seasonOf = (at) => Math.floor((Number(dayOf(at).slice(5, 7)) % 12) / 3);

/** @param {number} metres */
function bandOf(metres) {
  const band = BANDS_M.findIndex((most) => metres <= most);
  return band < 0 ? BANDS_M.length : band;
}

/**
 * @param {PackRanking} table
 * @param {{ at: Date, cell: string, near: { class_id: number, distance_m: number }[] }} facts near: components, nearest first
 * @param {number} [most]
 * @returns {Chip[]}
 */
export function rank(table, { at, cell, near }, most = 6) {
  const slot = Math.floor(Number(clockOf(at).slice(0, 2)) / 4);
  const season = seasonOf(at);
  const nearest = near[0]?.distance_m <= BESIDE_M ? near[0].class_id : null;
  return table.chips
    .map(([class_id, condition_id, base], i) => {
      const own = near.find((item) => item.class_id === class_id);
      /** @type {[Why, number][]} */
      const terms = [
        ["near", table.near?.[class_id]?.[bandOf(own?.distance_m ?? Infinity)] ?? 0],
        ["own", table.own?.[cell]?.[i] ?? 0],
        ["beside", nearest === null ? 0 : table.beside?.[nearest]?.[i] ?? 0],
        ["hour", table.hour?.[i]?.[slot] ?? 0],
        ["season", table.season?.[i]?.[season] ?? 0],
      ];
      const [why, most] = terms.reduce((best, term) => (term[1] > best[1] ? term : best));
      const score = terms.reduce((sum, [, amount]) => sum + amount, base);
      return { i, class_id, condition_id, score, why: most >= TELLING ? why : /** @type {Why} */ ("common") };
    })
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .slice(0, most)
    .map(({ class_id, condition_id, score, why }) => ({ class_id, condition_id, score, why }));
}
