/**
 * Open cases: markers shaped by stage, clusters made by the server. A moved view is asked for; from then on journal entries
 * change numbers and markers at once (../squares.js), so that map, list and counts agree.
 */
import { className, t, tn } from "../../lib/i18n.js";
import { mark, stateWord } from "../../lib/states.js";
import { timeLeft } from "../../lib/time.js";
import { L } from "../leaflet.js";
import { applyToView, countOf, singleOf, viewOf } from "../squares.js";

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
  /** Single cases on the map, and the one in hand. @type {Map<string, { card: Card, marker: L.Marker }>} */
  const shown = new Map();
  /** Numbers on the map, by square. @type {Map<string, L.Marker>} */
  const clusters = new Map();
  /** @type {import("../squares.js").View | null} */
  let view = null;
  /** @type {L.Map | null} */
  let map = null;
  /** @type {AbortController | null} */
  let running = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let chosen = "";

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
      view = viewOf(answer, { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() });
      drawAll();
    } catch (error) {
      if (!mine.signal.aborted) later = setTimeout(refresh, 10_000);
      if (!(error instanceof Error)) throw error;
    }
  }

  function drawAll() {
    if (!view) return;
    const singles = new Set([...view.squares.values()].flatMap((square) => singleOf(square)?.id ?? []));
    for (const id of shown.keys()) if (!singles.has(id) && id !== chosen) remove(id);
    for (const key of clusters.keys()) dropCluster(key);
    for (const key of view.squares.keys()) draw(key, false);
  }

  /** One square as it stands now: a number, a case, or nothing. @param {string} key @param {boolean} glows */
  function draw(key, glows) {
    dropCluster(key);
    const square = view?.squares.get(key);
    if (!square) return;
    const single = singleOf(square);
    if (single) put(single, glows);
    else {
      square.cards.forEach((card) => card.id !== chosen && remove(card.id));
      clusters.set(key, clusterMarker(square).addTo(layer));
    }
  }

  /** @param {string} key */
  function dropCluster(key) {
    const marker = clusters.get(key);
    if (marker) layer.removeLayer(marker);
    clusters.delete(key);
  }

  /** @param {import("../squares.js").Square} cluster */
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
      if (!map || !view) return;
      const before = new Set([...view.squares.values()].flatMap((square) => singleOf(square)?.id ?? []));
      const { changed, ask } = applyToView(view, entries);
      for (const key of changed) draw(key, true);
      const now = new Set([...view.squares.values()].flatMap((square) => singleOf(square)?.id ?? []));
      for (const id of before) if (!now.has(id) && id !== chosen) remove(id);
      const inHand = entries.findLast((entry) => entry.case_id === chosen && entry.card);
      if (inHand?.card) put(inHand.card, true);
      if (ask) {
        clearTimeout(later);
        later = setTimeout(refresh, SETTLE);
      }
    },
    /** How many open cases the view has. */
    count: () => (view ? countOf(view) : 0),
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
