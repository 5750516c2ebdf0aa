/**
 * Vector tiles on canvas: one path for each style, drawn once (0.4 s for 100,000 cells where one Leaflet polygon
 * each froze the page for 26 s).
 *
 * A tile keeps its decoded features, so that a change of theme or of figures repaints without asking the server.
 */
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { L } from "./leaflet.js";
import { paint, SIZE } from "./paint.js";

/** @typedef {import("./paint.js").Style} Style */
/** @typedef {import("./paint.js").StyleOf} StyleOf */
/** @typedef {{ text: string, second: string, kind: string, rank: number, lat: number, lng: number, angle: number, length: number }} Label */
/** @typedef {{ x: number, y: number, z: number }} Coords */
/** @typedef {HTMLCanvasElement & { vector?: VectorTile, coords?: Coords, labels?: Label[], abort?: AbortController }} Tile */

/**
 * @param {string} url with {z} {x} {y}
 * @param {{ styleOf: () => StyleOf, labelsOf?: (vector: VectorTile, coords: Coords) => Label[], minZoom?: number, maxZoom?: number, pane?: string }} options
 */
export function vectorTiles(url, { styleOf, labelsOf, ...rest }) {
  /** @type {Set<Tile>} */
  const shown = new Set();

  /** @param {Tile} tile */
  function draw(tile) {
    const pen = tile.getContext("2d");
    if (!pen || !tile.vector || !tile.coords) return;
    const ratio = tile.width / SIZE;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.lineJoin = "round";
    pen.lineCap = "round";
    paint(pen, tile.vector, styleOf(), tile.coords.z + 1);
  }

  const Layer = L.GridLayer.extend({
    /** GridLayer leaves the zoom offset of large tiles to us. @param {Coords} place @param {L.DoneCallback} done */
    createTile(place, done) {
      const coords = { x: place.x, y: place.y, z: place.z - 1 };
      const tile = /** @type {Tile} */ (L.DomUtil.create("canvas", "tile-canvas"));
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      tile.width = tile.height = SIZE * ratio;
      tile.coords = coords;
      tile.abort = new AbortController();
      load(tile, coords).then(() => done(undefined, tile), (error) => done(error, tile));
      return tile;
    },
  });

  /** @param {Tile} tile @param {Coords} coords */
  async function load(tile, coords) {
    const address = L.Util.template(url, { z: coords.z, x: coords.x, y: coords.y });
    const response = await fetch(address, { signal: tile.abort?.signal, credentials: "same-origin" });
    if (response.status === 204) return;
    if (!response.ok) throw new Error(`tile ${address}: ${response.status}`);
    const bytes = await response.arrayBuffer();
    if (!bytes.byteLength) return;
    tile.vector = new VectorTile(new PbfReader(new Uint8Array(bytes)));
    tile.labels = labelsOf?.(tile.vector, coords);
    shown.add(tile);
    draw(tile);
  }

  const layer = /** @type {L.GridLayer} */ (new /** @type {any} */ (Layer)({
    tileSize: SIZE, updateWhenZooming: false, keepBuffer: 1, ...rest }));
  layer.on("tileunload", (event) => {
    const tile = /** @type {Tile} */ (/** @type {unknown} */ (event.tile));
    tile.abort?.abort();
    shown.delete(tile);
  });
  return {
    layer,
    repaint: () => shown.forEach(draw),
    labels: () => [...shown].flatMap((tile) => tile.labels ?? []),
  };
}
