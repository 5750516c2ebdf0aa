/**
 * The command wall: views that follow each other without hands (the whole district by open work and by deadline, then its
 * hottest places), and the numbers, kept true by the journal. `?seconds=` says how long a view stays.
 */
import { addressOf } from "../lib/addresses.js";
import { fill, h, one } from "../lib/dom.js";
import { openFrame, showLink } from "../lib/frame.js";
import { number, t } from "../lib/i18n.js";
import { follow } from "../lib/live.js";
import { clockOf } from "../lib/time.js";
import { complain } from "../lib/ui.js";
import { cases } from "../map/layers/cases.js";
import { L } from "../map/leaflet.js";
import { createMap } from "../map/map.js";
import { applyToView, countOf, viewOf } from "../map/squares.js";

const { api, page } = openFrame();
const STAYS = Math.max(2, Number(new URLSearchParams(location.search).get("seconds")) || 15) * 1000;
const COUNT_AGAIN = 60_000;
const HOTTEST = 4;
const FAR = 13;

/** @typedef {{ title: string, show: () => void, layer: "heat-work" | "heat-time" | null }} Scene */

async function start() {
  const settings = /** @type {MapSettings & { bounds: [number, number, number, number] }} */ (await api.get("/map/settings"));
  const { map, layers } = createMap({ element: one("[data-map]"), settings, layers: page.layers, controls: false });
  const [west, south, east, north] = settings.bounds;
  const whole = L.latLngBounds([south, west], [north, east]);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const marks = cases({ api, onpick: () => undefined });
  marks.layer.addTo(map);

  /** All of the district, whatever the map shows. */
  let view = viewOf({ head: 0, side: 0, rest: [], clusters: [], items: [] }, { west, south, east, north });
  let overdue = 0;

  async function count() {
    const answer = /** @type {MapCases} */ (await api.get("/map/cases", { bbox: settings.bounds.join(","), zoom: FAR }));
    view = viewOf(answer, { west, south, east, north });
    const now = new Date();
    overdue = answer.clusters.reduce((sum, cluster) => sum + cluster.overdue, 0)
      + answer.items.filter((card) => card.due_at && !card.paused && new Date(card.due_at) < now).length;
    tell();
  }

  function tell() {
    const figure = (/** @type {string} */ word, /** @type {string} */ value) => h("div", null, h("b", null, value), h("span", null, word));
    fill(one("[data-figures]"), figure(t("open cases"), number(countOf(view))), figure(t("past the deadline"), number(overdue)), figure(t("now"), clockOf(new Date())));
  }

  /** @returns {Scene[]} */
  function scenes() {
    const fly = (/** @type {L.LatLngExpression} */ at) => map.setView(at, 16, { animate: !still });
    const all = () => map.fitBounds(whole, { animate: !still });
    const hottest = [...view.squares.values()].sort((a, b) => b.count - a.count || a.key.localeCompare(b.key)).slice(0, HOTTEST);
    return [
      { title: t("Open work"), layer: "heat-work", show: all },
      { title: t("Past the deadline"), layer: "heat-time", show: all },
      ...hottest.map((square) => ({ title: "", layer: null, show() {
        fly([square.lat, square.lon]);
        void addressOf(api, square.lon, square.lat).then((text) => fill(one("[data-title]"), text || t("Most open cases")));
      } })),
    ];
  }

  let turn = 0;
  function next() {
    const all = scenes();
    const scene = all[turn % all.length];
    turn += 1;
    for (const id of ["heat-work", "heat-time"]) {
      const heat = layers[id]?.layer;
      if (!heat) continue;
      if (id === scene.layer) heat.addTo(map);
      else heat.remove();
    }
    if (scene.layer) marks.layer.remove();
    else marks.layer.addTo(map);
    one("[data-title]").dataset.scene = String((turn - 1) % all.length);
    fill(one("[data-title]"), scene.title);
    scene.show();
  }

  await count();
  const feed = follow({ stream: page.stream, cursor: view.head, listeners: {
    entries(items) {
      applyToView(view, items);
      marks.apply(items);
      tell();
    },
    reset: () => void count().then(() => feed.restart(view.head)).catch(complain),
    link: showLink,
  } });
  next();
  setInterval(next, STAYS);
  setInterval(() => void count().catch(() => undefined), COUNT_AGAIN);
  setInterval(tell, 10_000);
}

start().catch(complain);
