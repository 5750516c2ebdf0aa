/** One map for all pages: our own ground, declared layers, foreign base maps if the city has named some. */
import { icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { labelLayer } from "./labels.js";
import { areas } from "./layers/areas.js";
import { base } from "./layers/base.js";
import { cells } from "./layers/cells.js";
import { components } from "./layers/components.js";
import { heat } from "./layers/heat.js";
import { L } from "./leaflet.js";
import { rasterLayer } from "./raster.js";
import { searchBox, whereabouts } from "./search.js";

const BUILDERS = /** @type {Record<string, typeof cells>} */ ({ base, areas, cells, grids: cells, components, heat: /** @type {any} */ (heat) });

/** @typedef {ReturnType<typeof createMap>} OpenMap */

/**
 * @param {{ element: HTMLElement, settings: MapSettings, layers: MapLayer[], mine?: (code: string) => boolean, controls?: boolean,
 *   api?: import("../lib/api.js").Api, onplace?: (item: AddressOut) => void, asks?: boolean }} options with `api` the map has a search box;
 *   with `asks` a click says what the place is called
 */
export function createMap({ element, settings, layers, mine, controls = true, api, onplace, asks = false }) {
  const map = L.map(element, { zoomControl: false, attributionControl: true, maxZoom: 19, minZoom: 9, zoomSnap: 1, worldCopyJump: false });
  map.attributionControl.setPrefix(false);
  map.setView([settings.center[1], settings.center[0]], settings.zoom);
  pane(map, "ground", 210);
  pane(map, "borders", 300);

  const drawn = /** @type {Record<string, ReturnType<typeof areas> | ReturnType<typeof cells>>} */ ({});
  const names = labelLayer(() => Object.entries(drawn).flatMap(([, tiles]) => (map.hasLayer(tiles.layer) ? tiles.labels() : [])));
  const shown = remembered();
  const control = L.control.layers({}, {}, { position: "topright" });
  for (const declared of layers) {
    const build = BUILDERS[declared.style];
    if (!build) continue;
    const tiles = build({ url: declared.url, minZoom: declared.min_zoom, mine });
    drawn[declared.id] = tiles;
    if (declared.style !== "heat") tiles.layer.on("load tileload", names.redraw);
    if (controls ? shown.get(declared.id, declared.on) : declared.on) tiles.layer.addTo(map);
    if (controls) tiles.layer.on("add remove", (event) => shown.set(declared.id, event.type === "add"));
    if (declared.style === "base") control.addBaseLayer(tiles.layer, declared.title);
    else control.addOverlay(tiles.layer, declared.title);
  }
  for (const raster of settings.base_layers) {
    const layer = rasterLayer(raster);
    if (layer) control.addBaseLayer(layer, raster.title);
  }
  names.layer.addTo(map);
  map.on("layeradd layerremove", names.redraw);

  if (controls) {
    L.control.zoom({ position: "bottomright", zoomInTitle: t("Closer"), zoomOutTitle: t("Farther") }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    control.addTo(map);
    const toggle = control.getContainer()?.querySelector(".leaflet-control-layers-toggle");
    toggle?.setAttribute("aria-label", t("Layers"));
    toggle?.setAttribute("title", t("Layers"));
    toggle?.append(icon("layers"));
  }
  if (api) searchBox({ api, map, onpick: onplace });
  if (api && asks) whereabouts({ api, map });
  if (settings.generated) note(map, t("Some shapes on this map are generated, not surveyed."));

  const repaint = () => {
    Object.values(drawn).forEach((tiles) => tiles.repaint());
    names.redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  const sized = new ResizeObserver(() => element.clientWidth > 0 && map.invalidateSize({ pan: false }));
  sized.observe(element);
  return {
    map, layers: drawn, repaint,
    close() {
      sized.disconnect();
      map.remove();
    },
  };
}

/** Which layers were switched on here before. Where nothing may be kept, each page begins as declared. */
function remembered() {
  const KEY = "gridcity.layers";
  /** @type {Record<string, boolean>} */
  let held = {};
  try {
    held = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    // nothing was kept, or nothing that can be read
  }
  return {
    /** @param {string} id @param {boolean} otherwise */
    get: (id, otherwise) => id === "base" || (held[id] ?? otherwise),
    /** @param {string} id @param {boolean} on */
    set(id, on) {
      held[id] = on;
      try {
        localStorage.setItem(KEY, JSON.stringify(held));
      } catch {
        // private windows may refuse
      }
    },
  };
}

/** @param {L.Map} map @param {string} name @param {number} height */
function pane(map, name, height) {
  const element = map.createPane(name);
  element.style.zIndex = String(height);
  element.style.pointerEvents = "none";
}

/** @param {L.Map} map @param {string} text */
function note(map, text) {
  const control = new L.Control({ position: "bottomleft" });
  control.onAdd = () => {
    const element = L.DomUtil.create("div", "map-note");
    element.textContent = text;
    return element;
  };
  control.addTo(map);
}

/** A pin that stands on a place. @param {boolean} draggable */
export function placePin(draggable) {
  const seat = document.createElement("div");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shape.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M12 23C8 17 5 13.5 5 9.5a7 7 0 0 1 14 0C19 13.5 16 17 12 23zm0-10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z");
  shape.append(path);
  seat.append(shape);
  return L.marker([0, 0], {
    draggable, autoPan: true, title: t("Place of the report"), alt: t("Place of the report"),
    icon: L.divIcon({ className: "place-pin", html: seat, iconSize: [40, 40], iconAnchor: [20, 39] }),
  });
}
