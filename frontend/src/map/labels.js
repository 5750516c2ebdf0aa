/**
 * Names on the map, on one canvas over the whole view: no name is cut at a tile's edge, none lies on another.
 * Chinese first; the English name follows for English readers.
 */
import { isChinese } from "../lib/i18n.js";
import { L } from "./leaflet.js";

/** @typedef {import("./mvt.js").Label} Label */

/** Where a tile's pixel lies on the ground. @param {import("./mvt.js").Coords} coords @param {number} x 0…1 @param {number} y 0…1 */
function ground(coords, x, y) {
  const n = 2 ** coords.z;
  const lng = ((coords.x + x) / n) * 360 - 180;
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * (coords.y + y)) / n))) * 180) / Math.PI;
  return { lat, lng };
}

/** The named features of a tile. @param {import("@mapbox/vector-tile").VectorTile} vector @param {import("./mvt.js").Coords} coords @returns {Label[]} */
export function labelsOf(vector, coords) {
  /** @type {Label[]} */
  const labels = [];
  for (const name of Object.keys(vector.layers)) {
    const layer = vector.layers[name];
    for (let i = 0; i < layer.length; i += 1) {
      const feature = layer.feature(i);
      const { name: text, name_en: second, rank, kind, level } = feature.properties;
      if (!text) continue;
      const spot = anchor(feature.loadGeometry(), feature.type);
      if (!spot || spot.x < 0 || spot.y < 0 || spot.x > layer.extent || spot.y > layer.extent) continue;
      labels.push({
        text: String(text), second: String(second ?? ""), kind: String(level ?? kind ?? name), rank: Number(rank ?? 3),
        angle: spot.angle, length: (spot.length / layer.extent) * 512, ...ground(coords, spot.x / layer.extent, spot.y / layer.extent),
      });
    }
  }
  return labels;
}

/** Point: itself; line: middle of its longest piece, with direction; area: middle of its box. @param {{ x: number, y: number }[][]} parts @param {number} type */
function anchor(parts, type) {
  if (type === 1) return { ...parts[0][0], x: parts[0][0].x, y: parts[0][0].y, angle: 0, length: Infinity };
  if (type === 2) {
    let best = null;
    for (const part of parts) {
      for (let i = 1; i < part.length; i += 1) {
        const [a, b] = [part[i - 1], part[i]];
        const length = Math.hypot(b.x - a.x, b.y - a.y);
        if (!best || length > best.length) best = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, angle: Math.atan2(b.y - a.y, b.x - a.x), length };
      }
    }
    return best;
  }
  const points = parts.flat();
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { x: (left + right) / 2, y: (top + bottom) / 2, angle: 0, length: right - left };
}

/** @param {Label} label @param {number} zoom */
function look(label, zoom) {
  const street = label.kind.startsWith("street") && label.angle !== 0;
  if (label.kind.startsWith("communit")) return zoom >= 15 ? { size: 11, weight: 400, order: 4, colour: "--map-border" } : null;
  if (label.kind === "district") return zoom <= 11 ? { size: 16, weight: 600, order: 0, colour: "--map-label" } : null;
  if (label.kind === "street" && !street) return zoom <= 15 ? { size: 13, weight: 600, order: 1, colour: "--map-border" } : null;
  if (label.kind === "place") return { size: 12, weight: 600, order: 2, colour: "--map-label" };
  if (zoom < 13 + Math.max(0, label.rank - 1)) return null;
  return { size: label.rank <= 2 ? 12 : 11, weight: 400, order: 2 + label.rank, colour: "--map-label" };
}

/** @param {() => Label[]} collect */
export function labelLayer(collect) {
  const canvas = /** @type {HTMLCanvasElement} */ (L.DomUtil.create("canvas", "labels leaflet-zoom-hide"));
  canvas.style.pointerEvents = "none";
  /** @type {L.Map | null} */
  let map = null;
  let planned = 0;

  function draw() {
    planned = 0;
    if (!map) return;
    const size = map.getSize();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    canvas.width = size.x * ratio;
    canvas.height = size.y * ratio;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    const pen = canvas.getContext("2d");
    if (pen) write(pen, ratio, map, collect());
  }

  const plan = () => {
    if (!planned) planned = requestAnimationFrame(draw);
  };

  const Labels = L.Layer.extend({
    onAdd(/** @type {L.Map} */ target) {
      map = target;
      (target.getPane("names") ?? target.createPane("names")).append(canvas);
      const pane = /** @type {HTMLElement} */ (target.getPane("names"));
      pane.style.zIndex = "450";
      pane.style.pointerEvents = "none";
      target.on("moveend zoomend resize viewreset", plan);
      plan();
    },
    onRemove(/** @type {L.Map} */ target) {
      target.off("moveend zoomend resize viewreset", plan);
      canvas.remove();
      map = null;
    },
  });
  return { layer: /** @type {L.Layer} */ (new /** @type {any} */ (Labels)()), redraw: plan };
}

/** @param {CanvasRenderingContext2D} pen @param {number} ratio @param {L.Map} map @param {Label[]} labels */
function write(pen, ratio, map, labels) {
  const style = getComputedStyle(document.documentElement);
  const zoom = map.getZoom();
  pen.scale(ratio, ratio);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = style.getPropertyValue("--map-halo");
  const family = style.getPropertyValue("--font");
  /** @type {[number, number, number, number][]} */
  const taken = [];
  /** @type {Map<string, [number, number][]>} */
  const written = new Map();
  const sized = labels.map((label) => ({ label, look: look(label, zoom) })).filter((item) => item.look !== null);
  sized.sort((a, b) => (a.look?.order ?? 0) - (b.look?.order ?? 0) || b.label.length - a.label.length);
  for (const { label, look: face } of sized) {
    if (!face) continue;
    const at = map.latLngToContainerPoint([label.lat, label.lng]);
    const text = !isChinese() && label.second ? `${label.text} ${label.second}` : label.text;
    pen.font = `${face.weight} ${face.size}px ${family}`;
    const width = pen.measureText(text).width;
    let angle = label.angle;
    if (angle > Math.PI / 2) angle -= Math.PI;
    if (angle < -Math.PI / 2) angle += Math.PI;
    const upright = Math.abs(angle) > 1 && text === label.text;
    if (label.length < width * 0.6 && label.angle !== 0) continue;
    const [w, h] = upright
      ? [face.size + 4, text.length * (face.size + 1)]
      : [Math.abs(width * Math.cos(angle)) + face.size * Math.abs(Math.sin(angle)), Math.abs(width * Math.sin(angle)) + face.size + 4];
    const box = /** @type {[number, number, number, number]} */ ([at.x - w / 2, at.y - h / 2, at.x + w / 2, at.y + h / 2]);
    if (taken.some((other) => other[0] < box[2] && other[2] > box[0] && other[1] < box[3] && other[3] > box[1])) continue;
    const same = written.get(label.text) ?? [];
    if (same.some(([x, y]) => Math.hypot(x - at.x, y - at.y) < 320)) continue;
    written.set(label.text, [...same, [at.x, at.y]]);
    taken.push(box);
    pen.fillStyle = style.getPropertyValue(face.colour);
    pen.save();
    pen.translate(at.x, at.y);
    if (upright) {
      [...text].forEach((letter, i) => inkOn(pen, letter, 0, (i - (text.length - 1) / 2) * (face.size + 1)));
    } else {
      pen.rotate(angle);
      inkOn(pen, text, 0, 0);
    }
    pen.restore();
  }
}

/** @param {CanvasRenderingContext2D} pen @param {string} text @param {number} x @param {number} y */
function inkOn(pen, text, x, y) {
  pen.strokeText(text, x, y);
  pen.fillText(text, x, y);
}
