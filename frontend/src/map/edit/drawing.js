/** Drawing a line or a ring by clicks: Enter or a double click ends it, Backspace takes a point back, Escape all. */
import { L } from "../leaflet.js";

/**
 * @param {{ map: L.Map, snap: (at: L.LatLng) => L.LatLng }} options
 */
export function drawing({ map, snap }) {
  const style = { className: "drawn", weight: 3, color: getComputedStyle(document.documentElement).getPropertyValue("--accent").trim(), interactive: false };
  const shown = L.polyline([], style);
  const ahead = L.polyline([], { ...style, dashArray: "4 6" });
  /** @type {L.LatLng[]} */
  let points = [];
  /** @type {{ closed: boolean, done: (points: L.LatLng[]) => void, cancelled: () => void } | null} */
  let task = null;

  /** @param {L.LeafletMouseEvent} event */
  function add(event) {
    const at = snap(event.latlng);
    const before = points.at(-1);
    if (before && map.latLngToContainerPoint(before).distanceTo(map.latLngToContainerPoint(at)) < 3) return;
    points.push(at);
    draw();
  }

  /** @param {L.LeafletMouseEvent} event */
  function follow(event) {
    if (points.length) ahead.setLatLngs([points[points.length - 1], event.latlng, ...(task?.closed ? [points[0]] : [])]);
  }

  function draw() {
    shown.setLatLngs(points);
    ahead.setLatLngs([]);
  }

  function finish() {
    if (!task || points.length < (task.closed ? 3 : 2)) return;
    const [done, found] = [task.done, points];
    stop();
    done(found);
  }

  function stop() {
    task = null;
    points = [];
    shown.remove();
    ahead.remove();
    map.off("click", add).off("mousemove", follow).off("dblclick", finish);
    map.doubleClickZoom.enable();
    map.getContainer().parentElement?.classList.remove("drawing");
  }

  return {
    /** @param {{ closed: boolean, done: (points: L.LatLng[]) => void, cancelled: () => void }} wanted */
    start(wanted) {
      stop();
      task = wanted;
      map.doubleClickZoom.disable();
      map.on("click", add).on("mousemove", follow).on("dblclick", finish);
      shown.addTo(map);
      ahead.addTo(map);
      map.getContainer().parentElement?.classList.add("drawing");
    },
    active: () => task !== null,
    finish,
    back() {
      points.pop();
      draw();
    },
    cancel() {
      const cancelled = task?.cancelled;
      stop();
      cancelled?.();
    },
  };
}
