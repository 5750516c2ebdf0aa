/**
 * Own cells at a glance, drawn from the pack on one canvas: at once, with or without a network, and at a tenth of a
 * map's cost. A tap opens the map itself.
 */
import { paint, SIZE } from "../map/paint.js";
import { baseStyle } from "../map/paper.js";
import { ownBox, toPlace } from "./ground.js";

/** A cell is drawn fresh up to so many hours, then ever more in need of a visit. */
const STEPS_H = [2, 8, 24, 72];

/** @param {string | undefined} last */
export const hoursSince = (last) => (last === undefined ? Infinity : (Date.now() - Date.parse(last)) / 3_600_000);

/** How strongly a cell asks for a visit, as opacity. @param {number} hours */
export function needOf(hours) {
  const step = STEPS_H.findIndex((most) => hours <= most);
  return 0.04 + (step < 0 ? STEPS_H.length : step) * 0.06;
}

/** Web Mercator in 0…1. @param {number} lon @param {number} lat @returns {[number, number]} */
export function unitSquare(lon, lat) {
  const y = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
  return [(lon + 180) / 360, (1 - y / Math.PI) / 2];
}

/** The ground's base map in 0…1, each shape with its box. @param {PackGround} ground */
export const baseShapes = (ground) => ground.base.map(([kind, rank, name, name_en, shape, xy]) => {
  const points = Array.from({ length: xy.length / 2 }, (_, i) => unitSquare(...toPlace(ground, xy[2 * i], xy[2 * i + 1])));
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  return { box, points, type: shape === "point" ? 1 : shape === "line" ? 2 : 3, properties: { kind, rank, name, name_en } };
});

/**
 * The shapes that touch a tile, in its pixels; a tile may stand anywhere.
 * @param {ReturnType<typeof baseShapes>} shapes @param {number} n tiles around the earth @param {number} x @param {number} y
 * @param {number} [wide] in tiles @param {number} [high] @returns {import("../map/paint.js").Shapes}
 */
export function within(shapes, n, x, y, wide = 1, high = 1) {
  const seen = shapes.filter(({ box }) => box.right * n >= x && box.left * n <= x + wide && box.bottom * n >= y && box.top * n <= y + high);
  const features = seen.map(({ type, properties, points }) => ({
    type, properties, loadGeometry: () => [points.map(([px, py]) => ({ x: (px * n - x) * SIZE, y: (py * n - y) * SIZE }))],
  }));
  return { layers: { base: { extent: SIZE, length: features.length, feature: (i) => features[i] } } };
}

/** The base map, once for each ground. @type {WeakMap<PackGround, ReturnType<typeof baseShapes>>} */
const shapes = new WeakMap();

/** Room for a tap between two pieces of work. */
const breath = () => new Promise((done) => setTimeout(done));

/** @param {HTMLCanvasElement} canvas @param {Pack} pack */
export async function sketch(canvas, { ground, visits }) {
  const box = ownBox(ground);
  const pen = canvas.getContext("2d");
  if (!box || !pen) return;
  const known = shapes.get(ground) ?? baseShapes(ground);
  shapes.set(ground, known);
  await breath();
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const [left, bottom] = unitSquare(box[0], box[1]);
  const [right, top] = unitSquare(box[2], box[3]);
  // so many tiles around the earth that the own cells fill the canvas, with a little margin
  const n = Math.min(width / (right - left), height / (bottom - top)) / 1.12 / SIZE;
  const [x, y] = [((left + right) / 2) * n - width / 2 / SIZE, ((top + bottom) / 2) * n - height / 2 / SIZE];
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.lineJoin = pen.lineCap = "round";
  paint(pen, within(known, n, x, y, width / SIZE, height / SIZE), baseStyle(), Math.log2(n) + 1);
  await breath();
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--cell").trim();
  pen.fillStyle = pen.strokeStyle = ink;
  pen.lineWidth = 1;
  for (const cell of ground.cells) {
    const path = new Path2D();
    for (let i = 0; i < cell.shape.length; i += 2) {
      const [px, py] = unitSquare(...toPlace(ground, cell.shape[i], cell.shape[i + 1]));
      path.lineTo((px * n - x) * SIZE, (py * n - y) * SIZE);
    }
    pen.globalAlpha = cell.own ? needOf(hoursSince(visits[cell.code])) : 0;
    pen.fill(path);
    pen.globalAlpha = cell.own ? 0.7 : 0.25;
    pen.stroke(path);
  }
  pen.globalAlpha = 1;
}
