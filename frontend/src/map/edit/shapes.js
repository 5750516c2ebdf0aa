/**
 * Cells and areas of the view as polygons that can be chosen. Asks the server again when the view moves; from afar only
 * areas are there. A vertex that several shapes share can be moved in all of them while it is dragged.
 */
import { L } from "../leaflet.js";

/** @typedef {{ code: string, level: string, name: string, name_en: string, area_m2: number, grids: string[], layer: L.Polygon }} Shape */
/** @typedef {{ code: string, level?: string, name?: string, name_en?: string, area_m2: number, grids?: string[], shape: { type: string, coordinates: any } }} Feature */
/** @typedef {"cell" | "community" | "street"} Level */

const token = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Vertices closer than this are one, in degrees. */
const SAME = 3e-8;
/** How near a drawn point must come to a corner to snap to it, in pixels. */
const SNAP = 10;

/**
 * @param {{ map: L.Map, load: (bbox: string) => Promise<{ cells: Feature[], areas: Feature[], truncated: boolean }>,
 *   onselect: (chosen: Shape[]) => void, onload: (state: { truncated: boolean }) => void, onerror: (error: unknown) => void,
 *   fill?: (shape: Shape) => { color: string, opacity: number } | null }} options
 */
export function editableShapes({ map, load, onselect, onload, onerror, fill }) {
  const renderer = L.canvas({ padding: 0.2, tolerance: 2 });
  const group = L.layerGroup();
  /** @type {Map<string, Shape>} */
  let shapes = new Map();
  /** @type {Set<string>} */
  let chosen = new Set();
  /** @type {Map<string, string>} */
  let marked = new Map();
  /** @type {Level} */
  let level = "cell";
  let several = false;
  let pickable = true;
  let turn = 0;

  async function refresh() {
    const mine = (turn += 1);
    if (!map.getSize().x) return;
    const box = map.getBounds().pad(0.05);
    try {
      const found = await load([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(7)).join(","));
      if (mine !== turn) return;
      show(found);
      onload({ truncated: found.truncated });
    } catch (error) {
      if (mine === turn) onerror(error);
    }
  }

  /** @param {{ cells: Feature[], areas: Feature[] }} found */
  function show(found) {
    group.clearLayers();
    shapes = new Map();
    const order = ["district", "street", "community", "cell"];
    const all = [...found.areas, ...found.cells.map((cell) => ({ ...cell, level: "cell" }))];
    all.sort((a, b) => order.indexOf(a.level ?? "") - order.indexOf(b.level ?? ""));
    // what can be chosen lies on top
    all.sort((a, b) => Number(a.level === level) - Number(b.level === level));
    for (const feature of all) {
      const layer = L.polygon(rings(feature.shape), { renderer, interactive: feature.level === level });
      const shape = {
        code: feature.code, level: feature.level ?? "cell", name: feature.name ?? "", name_en: feature.name_en ?? "", area_m2: feature.area_m2,
        grids: feature.grids ?? [], layer,
      };
      shapes.set(feature.code, shape);
      layer.setStyle(styleOf(shape)).addTo(group);
      layer.on("click", (event) => {
        if (!pickable) return;
        L.DomEvent.stopPropagation(event);
        const original = /** @type {MouseEvent} */ (event.originalEvent);
        pick(shape.code, several || original.shiftKey || original.ctrlKey || original.metaKey);
      });
    }
    tell();
  }

  /** @param {Shape} shape @returns {L.PathOptions} */
  function styleOf(shape) {
    const own = shape.level === level;
    const tint = own ? fill?.(shape) : null;
    const change = marked.get(shape.code);
    const look = { cell: ["--cell", 1, ""], community: ["--map-border", 1.4, "2 3"], street: ["--map-border", 2, "8 4"], district: ["--map-border", 3, "12 4 2 4"] };
    const [color, weight, dash] = look[/** @type {keyof typeof look} */ (shape.level)] ?? look.cell;
    const style = {
      color: token(String(color)), weight: Number(weight) + (own ? 0.5 : 0), dashArray: own ? "" : String(dash), opacity: own ? 0.9 : 0.6,
      fill: own, fillColor: tint?.color ?? token("--cell"), fillOpacity: tint?.opacity ?? 0.02,
    };
    if (change) Object.assign(style, { color: token(change === "new" ? "--done" : "--soon"), weight: 3 });
    if (chosen.has(shape.code)) Object.assign(style, { color: token("--accent"), weight: 3, fillColor: token("--accent"), fillOpacity: 0.25 });
    return style;
  }

  /** @param {string} code @param {boolean} more */
  function pick(code, more) {
    if (more) {
      if (chosen.has(code)) chosen.delete(code);
      else chosen.add(code);
    } else chosen = new Set(chosen.size === 1 && chosen.has(code) ? [] : [code]);
    repaint();
    tell();
  }

  const repaint = () => shapes.forEach((shape) => shape.layer.setStyle(styleOf(shape)));
  const tell = () => onselect([...chosen].map((code) => shapes.get(code)).filter((shape) => shape !== undefined));

  return {
    group,
    refresh,
    repaint,
    start() {
      group.addTo(map);
      map.on("moveend", refresh);
      void refresh();
    },
    stop() {
      turn += 1;
      group.clearLayers();
      group.remove();
      map.off("moveend", refresh);
      chosen = new Set();
    },
    /** @param {Level} next */
    level(next) {
      level = next;
      chosen = new Set();
      void refresh();
    },
    /** @param {boolean} on clicking adds to the choice instead of replacing it */
    several(on) {
      several = on;
    },
    /** @param {boolean} on */
    pickable(on) {
      pickable = on;
    },
    /** @param {Iterable<string>} codes */
    choose(codes) {
      chosen = new Set(codes);
      repaint();
      tell();
    },
    /** Forget what is no longer there. */
    prune() {
      chosen = new Set([...chosen].filter((code) => shapes.has(code)));
      tell();
    },
    /** @param {Map<string, string>} changes code → new | changed */
    mark(changes) {
      marked = changes;
      repaint();
    },
    get: (/** @type {string} */ code) => shapes.get(code),
    all: () => [...shapes.values()].filter((shape) => shape.level === level),
    areas: (/** @type {string} */ of) => [...shapes.values()].filter((shape) => shape.level === of),
    /** Shapes of the level whose middle lies in a ring. @param {L.LatLng[]} ring */
    within: (ring) => [...shapes.values()].filter((shape) => shape.level === level && inside(shape.layer.getBounds().getCenter(), ring)),
    /** @param {L.LatLng} at */
    at: (at, of = level) => [...shapes.values()].find((shape) => shape.level === of && covers(shape.layer, at)),
    /** The corner beside a point of the screen, or the point itself. @param {L.LatLng} at */
    snapped(at) {
      const spot = map.latLngToContainerPoint(at);
      let best = at;
      let away = SNAP;
      for (const shape of shapes.values()) {
        if (!shape.layer.getBounds().pad(0.2).contains(at)) continue;
        for (const vertex of vertices(shape.layer)) {
          const far = map.latLngToContainerPoint(vertex).distanceTo(spot);
          if (far < away) [best, away] = [vertex, far];
        }
      }
      return L.latLng(best.lat, best.lng);
    },
    /** Every shape that has this vertex takes it along. @param {L.LatLng} from @param {L.LatLng} to */
    drag(from, to) {
      for (const shape of shapes.values()) {
        let hit = false;
        for (const vertex of vertices(shape.layer)) {
          if (Math.abs(vertex.lat - from.lat) > SAME || Math.abs(vertex.lng - from.lng) > SAME) continue;
          vertex.lat = to.lat;
          vertex.lng = to.lng;
          hit = true;
        }
        if (hit) shape.layer.setLatLngs(shape.layer.getLatLngs());
      }
    },
  };
}

/** @param {{ type: string, coordinates: any }} shape @returns {any} */
function rings(shape) {
  const open = (/** @type {number[][]} */ ring) => ring.slice(0, -1).map(([lng, lat]) => L.latLng(lat, lng));
  return shape.type === "Polygon" ? shape.coordinates.map(open) : shape.coordinates.map((/** @type {any} */ polygon) => polygon.map(open));
}

/** All corners of a polygon of one or several parts. @param {L.Polygon} layer @returns {L.LatLng[]} */
export const vertices = (layer) => /** @type {any} */ (layer.getLatLngs()).flat(Infinity);

/** The rings of a polygon of one or several parts. @param {L.Polygon} layer @returns {L.LatLng[][]} */
export function ringsOf(layer) {
  const found = /** @type {any[]} */ (layer.getLatLngs());
  return Array.isArray(found[0]?.[0]) ? found.flat() : found;
}

/** @param {L.LatLng} at @param {L.LatLng[]} ring */
export function inside(at, ring) {
  let within = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i], ring[j]];
    if (a.lat > at.lat !== b.lat > at.lat && at.lng < ((b.lng - a.lng) * (at.lat - a.lat)) / (b.lat - a.lat) + a.lng) within = !within;
  }
  return within;
}

/** @param {L.Polygon} layer @param {L.LatLng} at */
const covers = (layer, at) => ringsOf(layer).reduce((within, ring) => within !== inside(at, ring), false);
