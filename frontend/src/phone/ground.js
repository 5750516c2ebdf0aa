/** The ground in the phone's pack: which cell a place lies in and what stands near it, without a network. Pure. */
import { metres } from "../lib/geo.js";

/** @typedef {{ lon: number, lat: number, accuracy_m: number | null, by: "device" | "hand" }} Spot */
/** @typedef {{ code: string, class_id: number, owner: string, lon: number, lat: number, distance_m: number }} Near */

/** A place in the pack's own whole numbers. @param {PackGround} ground @param {number} lon @param {number} lat @returns {[number, number]} */
const toUnits = ({ origin, unit }, lon, lat) => [(lon - origin[0]) / unit, (lat - origin[1]) / unit];

/** @param {PackGround} ground @param {number} x @param {number} y @returns {[number, number]} longitude and latitude */
export const toPlace = ({ origin, unit }, x, y) => [origin[0] + x * unit, origin[1] + y * unit];

/** Even–odd rule over a ring given as x, y, x, y, … @param {number[]} ring @param {number} x @param {number} y */
export function inRing(ring, x, y) {
  let inside = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const crosses = ring[i + 1] > y !== ring[j + 1] > y;
    if (crosses && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
  }
  return inside;
}

/** The cell of a place; null where the pack does not reach. @param {PackGround} ground @param {{ lon: number, lat: number }} place */
export function cellAt(ground, { lon, lat }) {
  const [x, y] = toUnits(ground, lon, lat);
  return ground.cells.find((cell) => inRing(cell.shape, x, y)) ?? null;
}

/** Components within some metres, nearest first. @param {PackGround} ground @param {{ lon: number, lat: number }} place @param {number} within @returns {Near[]} */
export function componentsNear(ground, { lon, lat }, within) {
  const [x, y] = toUnits(ground, lon, lat);
  const high = within / 110_000 / ground.unit;
  const wide = high / Math.cos((lat * Math.PI) / 180);
  return ground.components
    .filter(([, , cx, cy]) => Math.abs(cx - x) <= wide && Math.abs(cy - y) <= high)
    .map(([code, class_id, cx, cy, owner]) => {
      const [at, up] = toPlace(ground, cx, cy);
      return { code, class_id, owner, lon: at, lat: up, distance_m: metres(lon, lat, at, up) };
    })
    .filter((near) => near.distance_m <= within)
    .sort((a, b) => a.distance_m - b.distance_m || a.code.localeCompare(b.code));
}

/** West, south, east, north of the own cells; null without any. @param {PackGround} ground @returns {[number, number, number, number] | null} */
export function ownBox(ground) {
  const own = ground.cells.filter((cell) => cell.own);
  if (!own.length) return null;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { shape } of own) {
    for (let i = 0; i < shape.length; i += 2) {
      [west, east] = [Math.min(west, shape[i]), Math.max(east, shape[i])];
      [south, north] = [Math.min(south, shape[i + 1]), Math.max(north, shape[i + 1])];
    }
  }
  return [...toPlace(ground, west, south), ...toPlace(ground, east, north)];
}
