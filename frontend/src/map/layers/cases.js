/**
 * Open cases: markers shaped by stage, clusters made by the server. Asks again when the view moves; journal entries
 * change single markers at once, and a crowded view is asked again a little later.
 */
import { className, t, tn } from "../../lib/i18n.js";
import { FINAL, mark, stateWord } from "../../lib/states.js";
import { timeLeft } from "../../lib/time.js";
import { L } from "../leaflet.js";

const SETTLE = 2000;

/** @param {Card} card @param {boolean} chosen @param {boolean} glows */
function pin(card, chosen, glows) {
  const seat = document.createElement("div");
  seat.className = "pin";
  seat.append(mark(card.state));
  const urgency = timeLeft(card, new Date()).state;
  const side = chosen ? 34 : 24;
  return L.divIcon({
    className: `case-pin ${urgency}${chosen ? " selected" : ""}${glows ? " glow" : ""}`, html: seat, iconSize: [side, side],
  });
}

/** @param {{ api: import("../../lib/api.js").Api, onpick: (card: Card) => void }} deps */
export function cases({ api, onpick }) {
  const layer = L.layerGroup();
  /** @type {Map<string, { card: Card, marker: L.Marker }>} */
  const shown = new Map();
  /** @type {L.Marker[]} */
  let clusters = [];
  /** @type {L.Map | null} */
  let map = null;
  /** @type {AbortController | null} */
  let running = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let chosen = "";
  let head = 0;

  async function refresh() {
    if (!map || !map.getSize().x) return;
    clearTimeout(later);
    running?.abort();
    const mine = (running = new AbortController());
    const bounds = map.getBounds().pad(0.1);
    const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((n) => n.toFixed(6)).join(",");
    try {
      const answer = /** @type {MapCases} */ (await api.get("/map/cases", { bbox, zoom: map.getZoom() }, mine.signal));
      if (mine.signal.aborted) return;
      show(answer);
    } catch (error) {
      if (!mine.signal.aborted) later = setTimeout(refresh, 10_000);
      if (!(error instanceof Error)) throw error;
    }
  }

  /** @param {MapCases} answer */
  function show(answer) {
    head = Math.max(head, answer.head);
    clusters.forEach((marker) => layer.removeLayer(marker));
    clusters = answer.clusters.map((cluster) => clusterMarker(cluster).addTo(layer));
    const wanted = new Set(answer.items.map((card) => card.id));
    for (const id of shown.keys()) if (!wanted.has(id) && id !== chosen) remove(id);
    answer.items.forEach((card) => put(card, false));
  }

  /** @param {Cluster} cluster */
  function clusterMarker(cluster) {
    const side = Math.round(26 + 7 * Math.log10(Math.max(1, cluster.count)));
    const text = String(cluster.count);
    const marker = L.marker([cluster.lat, cluster.lon], {
      icon: L.divIcon({ className: `cluster${cluster.overdue ? " late" : ""}`, html: text, iconSize: [side, side] }),
      title: tn("{n} case here", "{n} cases here", cluster.count) + (cluster.overdue ? ` · ${tn("{n} overdue", "{n} overdue", cluster.overdue)}` : ""),
    });
    marker.on("click", () => map?.setView([cluster.lat, cluster.lon], Math.min(19, map.getZoom() + 2)));
    return marker;
  }

  /** @param {Card} card @param {boolean} glows */
  function put(card, glows) {
    const known = shown.get(card.id);
    if (known && known.card.version === card.version && !glows) return;
    const icon = pin(card, card.id === chosen, glows);
    if (known) {
      known.card = card;
      known.marker.setIcon(icon).setLatLng([card.lat, card.lon]);
      return;
    }
    const marker = L.marker([card.lat, card.lon], { icon, title: `${className(card)} · ${stateWord(card.state)}`, alt: t("case {number}", { number: card.number }) });
    marker.on("click", () => onpick(/** @type {{ card: Card }} */ (shown.get(card.id)).card));
    shown.set(card.id, { card, marker });
    marker.addTo(layer);
  }

  /** @param {string} id */
  function remove(id) {
    const known = shown.get(id);
    if (known) layer.removeLayer(known.marker);
    shown.delete(id);
  }

  layer.on("add", (event) => {
    map = /** @type {any} */ (event.target)._map;
    map?.on("moveend", refresh);
    void refresh();
  });
  layer.on("remove", () => {
    map?.off("moveend", refresh);
    map = null;
  });

  return {
    layer,
    refresh,
    /** @param {Entry[]} entries */
    apply(entries) {
      if (!map) return;
      const bounds = map.getBounds();
      let crowd = false;
      for (const entry of entries) {
        if (entry.seq <= head) continue;
        head = entry.seq;
        const { card } = entry;
        if (card && card.lat === undefined) continue; // a survey: it lies in many places
        const final = card && FINAL.includes(card.state);
        if (!card || entry.gone || (final && card.id !== chosen)) {
          if (shown.has(entry.case_id)) remove(entry.case_id);
          else crowd = true;
        } else if (shown.has(card.id)) put(card, true);
        else if (bounds.contains([card.lat, card.lon])) {
          if (clusters.length === 0 || card.id === chosen) put(card, true);
          else crowd = true;
        }
      }
      if (crowd && clusters.length) {
        clearTimeout(later);
        later = setTimeout(refresh, SETTLE);
      }
    },
    /** The case in hand stands out. @param {Card | null} card */
    choose(card) {
      const before = shown.get(chosen);
      chosen = card?.id ?? "";
      if (before) before.marker.setIcon(pin(before.card, false, false)).setZIndexOffset(0);
      if (!card) return;
      put(card, false);
      const now = shown.get(card.id);
      now?.marker.setIcon(pin(card, true, false)).setZIndexOffset(1000);
    },
    ids: () => [...shown.keys()],
  };
}
