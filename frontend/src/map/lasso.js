/** A line drawn by hand around places: press, draw, let go. Escape gives up. */
import { L } from "./leaflet.js";

/** @param {L.Map} map @returns {Promise<[number, number][] | null>} a ring of lon/lat pairs */
export function lasso(map) {
  return new Promise((done) => {
    const box = map.getContainer();
    const line = L.polygon([], { className: "lasso", interactive: false, weight: 2, dashArray: "6 4", color: "#0f5e66", fillOpacity: 0.12 }).addTo(map);
    const was = map.dragging.enabled();
    map.dragging.disable();
    box.classList.add("drawing");
    let drawing = false;

    const down = (/** @type {PointerEvent} */ event) => {
      drawing = true;
      event.preventDefault();
      event.stopPropagation();
      add(event);
    };
    const add = (/** @type {PointerEvent} */ event) => {
      if (drawing) line.addLatLng(map.mouseEventToLatLng(event));
    };
    const up = () => drawing && finish();
    const key = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") finish(true);
    };
    box.addEventListener("pointerdown", down, true);
    box.addEventListener("pointermove", add);
    addEventListener("pointerup", up);
    addEventListener("keydown", key);

    /** @param {boolean} [given] up */
    function finish(given = false) {
      box.removeEventListener("pointerdown", down, true);
      box.removeEventListener("pointermove", add);
      removeEventListener("pointerup", up);
      removeEventListener("keydown", key);
      box.classList.remove("drawing");
      if (was) map.dragging.enable();
      const ring = /** @type {L.LatLng[][]} */ (line.getLatLngs())[0].map((at) => /** @type {[number, number]} */ ([at.lng, at.lat]));
      line.remove();
      done(given || ring.length < 3 ? null : ring);
    }
  });
}
