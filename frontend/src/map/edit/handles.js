/** Handles on the corners of one shape, and fainter ones in the middle of its edges: dragging moves a shared border. */
import { t } from "../../lib/i18n.js";
import { L } from "../leaflet.js";
import { ringsOf } from "./shapes.js";

/** More handles than this cannot be told apart: look closer. */
const AT_MOST = 300;

/**
 * @param {{ map: L.Map, shapes: ReturnType<typeof import("./shapes.js").editableShapes>,
 *   onmove: (from: L.LatLng, to: L.LatLng) => void, onremove: (at: L.LatLng) => void }} options
 */
export function handles({ map, shapes, onmove, onremove }) {
  const group = L.layerGroup().addTo(map);

  /** @param {L.LatLng} at @param {boolean} half */
  function handle(at, half) {
    const side = half ? 11 : 14;
    const from = L.latLng(at.lat, at.lng);
    let last = from;
    const word = half ? t("Edge: drag to bend the border") : t("Corner: drag to move it, Delete takes it out");
    const marker = L.marker(from, { draggable: true, keyboard: true, title: word, alt: word, icon: L.divIcon({ className: half ? "node half" : "node", iconSize: [side, side] }) });
    marker.on("drag", () => {
      const to = marker.getLatLng();
      if (!half) shapes.drag(last, to);
      last = L.latLng(to.lat, to.lng);
    });
    marker.on("dragend", () => {
      const to = shapes.snapped(marker.getLatLng());
      onmove(from, last.equals(to, 1e-9) ? last : to);
    });
    if (!half) {
      marker.on("contextmenu", () => onremove(from));
      marker.on("keydown", (event) => {
        const key = /** @type {KeyboardEvent} */ (/** @type {any} */ (event).originalEvent).key;
        if (key === "Delete" || key === "Backspace") onremove(from);
      });
    }
    return marker;
  }

  return {
    /** @param {L.Polygon} layer */
    show(layer) {
      group.clearLayers();
      const view = map.getBounds();
      let count = 0;
      for (const ring of ringsOf(layer)) {
        ring.forEach((corner, i) => {
          const next = ring[(i + 1) % ring.length];
          const middle = L.latLng((corner.lat + next.lat) / 2, (corner.lng + next.lng) / 2);
          if (view.contains(corner) && (count += 1) <= AT_MOST) handle(corner, false).addTo(group);
          const apart = map.latLngToContainerPoint(corner).distanceTo(map.latLngToContainerPoint(next));
          if (apart > 40 && view.contains(middle) && count < AT_MOST) handle(middle, true).addTo(group);
        });
      }
      return count <= AT_MOST;
    },
    clear: () => void group.clearLayers(),
  };
}
