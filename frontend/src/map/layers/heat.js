/**
 * Heat of open work and of time left: squares of the server's own counts, finer than the clusters by one zoom. One ramp
 * whose lightness alone tells its steps apart, so that any eye reads it; a square says its numbers when pointed at.
 */
import { createApi } from "../../lib/api.js";
import { tn } from "../../lib/i18n.js";
import { RAMP, squaresOf, stepOf } from "../heat.js";
import { L } from "../leaflet.js";

const NEAREST = 16;
const AGAIN = 30_000;

/** @param {{ url: string }} options with `of=work` or `of=time` */
export function heat({ url }) {
  const of = url.includes("of=time") ? "time" : "work";
  const api = createApi({ csrf: "" });
  const layer = L.layerGroup();
  const renderer = L.canvas({ pane: "borders" });
  /** @type {L.Map | null} */
  let map = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let clock;
  let turn = 0;

  async function refresh() {
    if (!map || !map.getSize().x) return;
    const mine = (turn += 1);
    const box = map.getBounds().pad(0.1);
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(",");
    const answer = /** @type {MapCases | null} */ (await api.get("/map/cases", { bbox, zoom: Math.min(NEAREST, map.getZoom() + 1) }).catch(() => null));
    if (mine !== turn || !answer) return;
    layer.clearLayers();
    const squares = [...squaresOf(answer, new Date()).values()];
    const most = Math.max(1, ...squares.map((one) => one.count));
    for (const one of squares) {
      const at = L.latLngBounds([one.y * answer.side, one.x * answer.side], [(one.y + 1) * answer.side, (one.x + 1) * answer.side]);
      L.rectangle(at, { renderer, stroke: false, fillColor: RAMP[stepOf(of, one, most)], fillOpacity: 0.55, interactive: true })
        .bindTooltip(`${tn("{n} case here", "{n} cases here", one.count)} · ${tn("{n} overdue", "{n} overdue", one.overdue)}`)
        .addTo(layer);
    }
  }

  layer.on("add", (event) => {
    map = /** @type {any} */ (event.target)._map;
    map?.on("moveend", refresh);
    clock = setInterval(refresh, AGAIN);
    void refresh();
  });
  layer.on("remove", () => {
    map?.off("moveend", refresh);
    clearInterval(clock);
    turn += 1;
    map = null;
    layer.clearLayers();
  });
  return { layer, refresh, repaint: () => undefined, labels: () => [] };
}
