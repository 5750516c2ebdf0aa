/**
 * The phone's map. With a network it is the city's own map; without one the ground of the pack is drawn in its place.
 * Own cells are tinted by the hours since somebody was there; while a place is chosen all other pins fade.
 */
import { L } from "../map/leaflet.js";
import { labelLayer, labelsOf } from "../map/labels.js";
import { createMap, placePin } from "../map/map.js";
import { paint, SIZE } from "../map/paint.js";
import { baseStyle } from "../map/paper.js";
import { mark } from "../lib/states.js";
import { t, tn } from "../lib/i18n.js";
import { ownBox, toPlace } from "./ground.js";
import { baseShapes, hoursSince, needOf, unitSquare, within } from "./sketch.js";

/** @typedef {Awaited<ReturnType<typeof openPhoneMap>>} PhoneMap */

/** More pins would hide the ground. */
const PINS_AT_MOST = 60;

/**
 * @param {{ element: HTMLElement, layers: MapLayer[], settings: MapSettings | null, style: string, pack: Pack, placing?: boolean,
 *   api?: import("../lib/api.js").Api }} options
 * settings   null without a network: the pack's own extent then
 */
export async function openPhoneMap({ element, layers, settings, style, pack, placing = false, api }) {
  await styleSheet(style);
  const box = ownBox(pack.ground);
  /** @type {((lon: number, lat: number) => void) | null} */
  let placed = null;
  const { map, layers: drawn, close: remove } = createMap({
    element, settings: { ...(settings ?? bare(pack, box)), ...(box ? viewOf(box, element) : {}) },
    layers: settings ? layers.filter((layer) => layer.style !== "cells") : [],
    api: settings ? api : undefined, onplace: ({ lon, lat }) => placed?.(lon, lat),
  });
  // the pack's own ground is drawn only where the city's tiles do not come
  const shapes = baseShapes(pack.ground);
  const fallBack = () => {
    packLayer(shapes).addTo(map);
    packNames(shapes, map).addTo(map);
  };
  if (settings) drawn.base?.layer.once("tileerror", fallBack);
  else fallBack();
  // in steps, so that a tap on the camera never waits for the map
  for (const layer of [cellsLayer, pinsLayer]) {
    await idle();
    if (element.isConnected) layer(pack).addTo(map);
  }
  element.classList.toggle("placing", placing);
  const marker = placePin(true);

  return {
    map,
    close() {
      // tiles under way fail when the map goes; they must not call for another layer then
      drawn.base?.layer.off("tileerror", fallBack);
      remove();
    },
    /** @param {{ lon: number, lat: number }} place */
    pin({ lon, lat }) {
      marker.setLatLng([lat, lon]).addTo(map);
      map.setView([lat, lon], Math.max(18, map.getZoom()), { animate: false });
    },
    /** @param {(lon: number, lat: number) => void} take */
    onplace(take) {
      placed = take;
      marker.on("dragend", () => take(marker.getLatLng().lng, marker.getLatLng().lat));
      map.on("click", ({ latlng }) => take(latlng.lng, latlng.lat));
    },
  };
}

/** Until the phone has nothing else to do. @returns {Promise<unknown>} */
export const idle = () => new Promise((done) => (globalThis.requestIdleCallback ?? setTimeout)(done, { timeout: 800 }));

/** @param {Pack} pack @param {[number, number, number, number] | null} box @returns {MapSettings} */
function bare({ ground }, box) {
  const [west, south, east, north] = box ?? [...ground.origin, ...ground.origin];
  return { center: [(west + east) / 2, (south + north) / 2], zoom: 16, bounds: [west, south, east, north], layers: [], base_layers: [], generated: false };
}

/** A box in the middle of the element, as large as it fits: tiles of another view are never asked for. @param {[number, number, number, number]} box @param {HTMLElement} element */
function viewOf([west, south, east, north], element) {
  const [left, bottom] = unitSquare(west, south);
  const [right, top] = unitSquare(east, north);
  const wide = Math.log2((element.clientWidth || 360) / 256 / (right - left));
  const high = Math.log2((element.clientHeight || 240) / 256 / (bottom - top));
  return { center: /** @type {[number, number]} */ ([(west + east) / 2, (south + north) / 2]), zoom: Math.max(10, Math.min(18, Math.floor(Math.min(wide, high)))) };
}

/** Leaflet's style comes with the map, not with the first screen. @param {string} href @returns {Promise<void>} */
function styleSheet(href) {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((done) => {
    link.onload = link.onerror = () => done();
    document.head.append(link);
  });
}

/** The names of streets, water and green in the pack, as the city's own map writes them. @param {ReturnType<typeof baseShapes>} shapes @param {L.Map} map */
function packNames(shapes, map) {
  const named = shapes.filter((shape) => shape.properties.name);
  return labelLayer(() => {
    const z = Math.round(map.getZoom()) - 1;
    const n = 2 ** z;
    const view = map.getBounds();
    const [left, bottom] = unitSquare(view.getWest(), view.getSouth());
    const [right, top] = unitSquare(view.getEast(), view.getNorth());
    const labels = [];
    for (let x = Math.floor(left * n); x <= right * n; x += 1) {
      for (let y = Math.floor(top * n); y <= bottom * n; y += 1) labels.push(...labelsOf(/** @type {any} */ (within(named, n, x, y)), /** @type {any} */ ({ x, y, z })));
    }
    return labels;
  }).layer;
}

/** The pack's streets, water, green and houses, under the tiles: seen where these do not come. @param {ReturnType<typeof baseShapes>} shapes */
function packLayer(shapes) {
  const Layer = L.GridLayer.extend({
    createTile(/** @type {{ x: number, y: number, z: number }} */ { x, y, z }) {
      const tile = /** @type {HTMLCanvasElement} */ (L.DomUtil.create("canvas", "tile-canvas"));
      const ratio = Math.min(2, devicePixelRatio || 1);
      tile.width = tile.height = SIZE * ratio;
      const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.lineJoin = pen.lineCap = "round";
      const n = 2 ** (z - 1);
      paint(pen, within(shapes, n, x, y), baseStyle(), z);
      return tile;
    },
  });
  return /** @type {L.GridLayer} */ (new /** @type {any} */ (Layer)({ tileSize: SIZE, pane: "ground", minZoom: 13, zIndex: 0 }));
}

/** Own cells by hours since the last visit; the neighbours' only outlined, in one stroke. @param {Pack} pack */
function cellsLayer({ ground, visits }) {
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--cell").trim();
  /** @param {PackCell} cell @returns {[number, number][]} */
  const ring = ({ shape }) => Array.from({ length: shape.length / 2 }, (_, i) => /** @type {[number, number]} */ (toPlace(ground, shape[2 * i], shape[2 * i + 1]).reverse()));
  const others = L.polyline(ground.cells.filter((cell) => !cell.own).map(ring), { color: ink, weight: 1, opacity: 0.3, interactive: false });
  return L.layerGroup([others, ...ground.cells.filter((cell) => cell.own).map((cell) => {
    const hours = hoursSince(visits[cell.code]);
    const code = cell.code.slice(-6);
    return L.polygon(ring(cell), { color: ink, weight: 1, opacity: 0.7, fillOpacity: needOf(hours) })
      .bindTooltip(hours === Infinity ? t("Cell {code}: not visited yet", { code }) : tn("Cell {code}: {n} hour since the last visit", "Cell {code}: {n} hours since the last visit", Math.round(hours), { code }));
  })]);
}

/** The newest open cases. @param {Pack} pack */
function pinsLayer({ open }) {
  return L.layerGroup(open.slice(0, PINS_AT_MOST).map((one) => {
    const seat = document.createElement("div");
    seat.className = "pin";
    seat.append(mark(one.state));
    return L.marker([one.lat, one.lon], { icon: L.divIcon({ className: "case-pin", html: seat, iconSize: [24, 24] }), title: one.number, alt: t("case {number}", { number: one.number }), keyboard: false });
  }));
}
