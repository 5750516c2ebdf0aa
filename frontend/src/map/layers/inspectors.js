/**
 * Inspectors on duty, each with the age of her position: a picture as of now from /ws/positions, replaced by the next.
 * One who has not moved for ten minutes fades; one who goes off duty is gone. Without the right to know, nothing is asked again.
 */
import { t } from "../../lib/i18n.js";
import { ago } from "../../lib/time.js";
import { L } from "../leaflet.js";

const OLD = 600;
const AGAIN = 5000;
const REFUSED = [4401, 4403];

/** @typedef {{ person_id: number, name: string, lon: number, lat: number, accuracy_m: number | null, at: string, age_s: number, open_tasks: number }} Position */

/** @param {{ open?: (url: string) => WebSocket }} [deps] */
export function inspectors({ open = (url) => new WebSocket(url) } = {}) {
  const layer = L.layerGroup();
  /** @type {Map<number, L.Marker>} */
  const shown = new Map();
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;

  /** @param {Position} position */
  function put(position) {
    const old = position.age_s > OLD;
    const element = document.createElement("div");
    element.textContent = position.name.slice(-2);
    const when = ago(new Date(Date.now() - position.age_s * 1000), new Date());
    const title = t("{name}, position {when}, open tasks: {tasks}", { name: position.name, when, tasks: position.open_tasks });
    const icon = L.divIcon({ className: `inspector-pin${old ? " old" : ""}`, html: element, iconSize: [26, 26] });
    const known = shown.get(position.person_id);
    if (known) {
      known.setLatLng([position.lat, position.lon]).setIcon(icon);
      known.getElement()?.setAttribute("title", title);
      return;
    }
    const marker = L.marker([position.lat, position.lon], { icon, title, alt: title, zIndexOffset: 500 });
    shown.set(position.person_id, marker);
    marker.addTo(layer);
  }

  /** @param {Position[]} items */
  function show(items) {
    const here = new Set(items.map((item) => item.person_id));
    for (const [person, marker] of shown) {
      if (here.has(person)) continue;
      layer.removeLayer(marker);
      shown.delete(person);
    }
    items.forEach(put);
  }

  function connect() {
    clearTimeout(retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = (socket = open(`${scheme}://${location.host}/ws/positions`));
    mine.onmessage = (event) => mine === socket && show(JSON.parse(event.data).items);
    mine.onclose = (event) => {
      if (mine !== socket) return;
      show([]); // what is not told any more is not shown any more
      if (!REFUSED.includes(event.code)) retry = setTimeout(connect, AGAIN);
    };
  }

  layer.on("add", connect);
  layer.on("remove", () => {
    clearTimeout(retry);
    const mine = socket;
    socket = null;
    mine?.close();
    show([]);
  });
  return { layer, show, shown };
}
