/** A box on the map that flies to a place by name, pinyin, initials, house number or code; and the pin that says where. */
import { addressOf } from "../lib/addresses.js";
import { distance } from "../lib/geo.js";
import { fill, h, icon } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { complain } from "../lib/ui.js";
import { showFile } from "./file.js";
import { L } from "./leaflet.js";

/** So long after the last key the server is asked. */
const SETTLE = 150;
/** How near one flies to what has no extent. */
const CLOSE = 18;

/** @param {AddressOut} item */
export const titleOf = (item) => named(item) || item.code;

/** @param {AddressOut} item */
const placeOf = (item) => [item.kind_label, item.street, item.community, item.distance_m !== null && distance(item.distance_m)].filter(Boolean).join(" · ");

/**
 * @param {{ api: import("../lib/api.js").Api, map: L.Map, onpick?: (item: AddressOut) => void }} options
 */
export function searchBox({ api, map, onpick }) {
  /** @type {AddressOut[]} */
  let items = [];
  let active = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  /** @type {AbortController | null} */
  let running = null;
  const id = `places-${L.Util.stamp({})}`;
  const list = h("ul", { id, role: "listbox", "aria-label": t("Places"), hidden: true });
  const word = h("p.small.quiet", { role: "status" });
  const input = h("input", {
    type: "search", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, autocomplete: "off",
    maxlength: 100, "aria-label": t("Find a place"), placeholder: t("Place, address or code"), oninput: plan, onkeydown: key,
  });
  const opener = h("button", { type: "button", title: t("Find a place"), "aria-label": t("Find a place"), "aria-expanded": "false", onclick: toggle }, icon("search"));
  const box = h("div.map-search.leaflet-bar", null, opener, h("div.map-search-field", { hidden: true }, input, word, list));
  const field = /** @type {HTMLElement} */ (box.lastElementChild);
  const spot = spotLayer(map);

  const control = new L.Control({ position: "topleft" });
  control.onAdd = () => {
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return box;
  };
  control.addTo(map);

  function toggle() {
    const shown = field.hidden;
    field.hidden = !shown;
    opener.setAttribute("aria-expanded", String(shown));
    if (shown) input.focus();
    else clear();
  }

  function clear() {
    clearTimeout(later);
    running?.abort();
    input.value = "";
    show([], "");
    spot.clear();
  }

  function plan() {
    clearTimeout(later);
    later = setTimeout(() => void ask(), SETTLE);
  }

  async function ask() {
    running?.abort();
    const mine = (running = new AbortController());
    const q = input.value.trim();
    if (!q) return show([], "");
    const { lat, lng } = map.getCenter();
    try {
      const answer = /** @type {{ items: AddressOut[] }} */ (await api.get("/addresses", { q, lon: lng, lat, limit: 12 }, mine.signal));
      if (mine.signal.aborted) return;
      show(answer.items, answer.items.length ? "" : t("Nothing of that name here. Try fewer letters, pinyin or initials."));
    } catch (error) {
      if (!mine.signal.aborted) show([], error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {AddressOut[]} found @param {string} text */
  function show(found, text) {
    items = found;
    active = -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
    fill(word, text);
    fill(list, found.map((item, i) => h("li", { id: `${id}-${i}`, role: "option", "aria-selected": "false", onclick: () => take(item) },
      h("b", null, titleOf(item)), h("span.small.quiet", null, placeOf(item)))));
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      toggle();
      opener.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = items[Math.max(0, active)];
      if (item) take(item);
      else void ask();
    }
  }

  /** @param {1 | -1} way */
  function step(way) {
    if (!items.length) return;
    list.children[active]?.setAttribute("aria-selected", "false");
    active = (active + way + items.length) % items.length;
    const row = list.children[active];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {AddressOut} item */
  function take(item) {
    show([], "");
    input.value = titleOf(item);
    spot.put(item.lat, item.lon, titleOf(item));
    if (item.bounds) {
      const [west, south, east, north] = item.bounds;
      map.fitBounds([[south, west], [north, east]], { maxZoom: CLOSE });
    } else map.setView([item.lat, item.lon], CLOSE);
    onpick?.(item);
  }
}

/** A ring around what was found, with its name. @param {L.Map} map */
function spotLayer(map) {
  const ring = L.circleMarker([0, 0], { radius: 11, className: "found-place", interactive: false });
  return {
    /** @param {number} lat @param {number} lon @param {string} name */
    put(lat, lon, name) {
      ring.setLatLng([lat, lon]).addTo(map).unbindTooltip();
      ring.bindTooltip(name, { permanent: true, direction: "top", offset: [0, -10] }).openTooltip();
    },
    clear: () => void ring.remove(),
  };
}

/** A click on the ground says what the place is called. @param {{ api: import("../lib/api.js").Api, map: L.Map }} options */
export function whereabouts({ api, map }) {
  map.on("click", async ({ latlng }) => {
    const body = h("div.whereabouts", null, h("b", null, "…"));
    const popup = L.popup({ maxWidth: 280 }).setLatLng(latlng).setContent(body).openOn(map);
    const [address, found] = await Promise.all([
      addressOf(api, latlng.lng, latlng.lat),
      api.get("/locate", { lon: latlng.lng, lat: latlng.lat, datum: "wgs84" }).catch((error) => error),
    ]);
    if (found instanceof Error) fill(body, h("b", null, address || found.message));
    else {
      const { street, community, cell, components } = /** @type {Located} */ (found);
      // what lies under the finger: about a fingertip of this zoom
      const near = map.getZoom() >= 16 ? components.find((one) => one.distance_m <= 40075016 / 2 ** (map.getZoom() + 8) * 14) : undefined;
      const open = (/** @type {string} */ path) => () => showFile(api, path).catch(complain);
      fill(body, h("b", null, address || t("No address near")), h("span", null, [named(street), named(community)].filter(Boolean).join(" · ")),
        h("span.small.quiet", null, `${t("cell")} ${cell.code} · ${latlng.lng.toFixed(6)}, ${latlng.lat.toFixed(6)}`),
        h("div.actions", null, near && h("button", { type: "button", onclick: open(`/components/${near.code}/file`) }, named(near)),
          h("button", { type: "button", onclick: open(`/cells/${cell.code}/file`) }, t("File of the cell"))));
    }
    popup.update();
  });
}
