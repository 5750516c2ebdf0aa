/**
 * A new report on one screen: photo, place, component, class and condition, submit. What can be found out is found
 * out; only class and photo are the inspector's. Nothing is "sent" before the outbox has it on disk.
 */
import { ApiError } from "../api.js";
import { searchClasses } from "../classes.js";
import { fill, h, icon } from "../dom.js";
import { photoPicker } from "../desk/photos.js";
import { distance } from "../geo.js";
import { isChinese, named, t } from "../i18n.js";
import { placePin } from "../../map/map.js";
import { locate } from "./position.js";

const OFTEN = "gridcity.often";

/** Class ids used lately on this phone, the latest first. @returns {string[]} */
function often() {
  try {
    return JSON.parse(localStorage.getItem(OFTEN) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {ClassOut} chosen */
const remember = (chosen) =>
  localStorage.setItem(OFTEN, JSON.stringify([String(chosen.id), ...often().filter((id) => id !== String(chosen.id))].slice(0, 8)));

/** @param {ClassOut} item */
const nameOf = (item) => (isChinese() ? item.name_zh : item.name_en || item.name_zh);

/**
 * @param {{ root: HTMLElement, api: import("../api.js").Api, classes: ClassOut[], first?: Blob[], draft?: import("../outbox.js").OutboxItem,
 *   openMap: (element: HTMLElement) => Promise<import("../../map/map.js").OpenMap>,
 *   onsave: (item: Omit<import("../outbox.js").OutboxItem, "state" | "saved_at">) => Promise<void>, onleave: () => void }} options
 */
export function reportView({ root, api, classes, first = [], draft, openMap, onsave, onleave }) {
  /** @type {import("./position.js").Spot | null} */
  let spot = draft ? { lon: draft.form.lon, lat: draft.form.lat, accuracy_m: draft.form.accuracy_m ?? null, by: "device" } : null;
  /** @type {Located | null} */
  let found = null;
  let component = draft?.form.component_code ?? "";
  /** @type {ClassOut | null} */
  let chosen = classes.find((item) => item.id === draft?.form.class_id) ?? null;
  /** @type {number | string | null} */
  let condition = draft?.form.condition_id ?? null;

  const picker = photoPicker({ label: t("Photo"), camera: true, first: draft ? draft.photos.map((photo) => photo.blob) : first });
  const place = h("div.place-line");
  const mapBox = h("div.map-box.small-map");
  const typed = h("details.typed", null, h("summary", null, t("Type the position")), typedFields());
  const near = h("div.choices.scroll-x", { role: "radiogroup", "aria-label": t("Nearest component") });
  const search = h("input", { type: "search", id: "class-search", placeholder: t("Code, name or initials, e.g. jgps"), autocomplete: "off", oninput: drawClasses });
  const chips = h("div.choices.class-chips", { role: "group", "aria-label": t("Class") });
  const conditions = h("div.choices.column", { role: "radiogroup", "aria-label": t("Condition") });
  const text = h("textarea", { id: "report-text", rows: 2, maxlength: 2000 });
  text.value = draft?.form.text ?? "";
  const fault = h("p.fault", { role: "alert", hidden: true });
  const submit = h("button.primary.large", null, icon("send"), t("Submit"));
  const form = h("form.report", { novalidate: true, onsubmit: save },
    h("header.sub-head", null, h("button.bare", { type: "button", "aria-label": t("Back"), onclick: onleave }, icon("chevron-left")), h("h1", null, draft ? t("Mend the report") : t("New report"))),
    draft?.fault && h("p.notice", null, icon("triangle-alert"), h("span", null, draft.fault.message, " ", draft.fault.mend)),
    h("section", { "data-field": "photos" }, picker.element),
    h("section", { "data-field": "place" }, place, mapBox, typed),
    h("section", null, h("h2", null, t("Nearest component")), near),
    h("section", { "data-field": "class_id" }, h("h2", null, h("label", { for: "class-search" }, t("Class"))), h("span.search", null, icon("search"), search), chips),
    h("section", { "data-field": "condition_id" }, conditions),
    h("section", null, h("label", { for: "report-text" }, t("Text"), h("span.quiet", null, ` ${t("(optional)")}`)), text),
    h("div.submit-bar", null, fault, submit));
  fill(root, form);

  const marker = placePin(true);
  /** @type {import("leaflet").Map | null} */
  let map = null;
  openMap(mapBox).then((opened) => {
    map = opened.map;
    marker.on("dragend", () => {
      const at = marker.getLatLng();
      setSpot({ lon: at.lng, lat: at.lat, accuracy_m: null, by: "hand" });
    });
    map.on("click", (event) => setSpot({ lon: event.latlng.lng, lat: event.latlng.lat, accuracy_m: null, by: "hand" }));
    if (spot) setSpot(spot);
  }).catch(() => fill(mapBox, h("p.quiet.small", null, t("The map is not here without a connection; the position is kept all the same."))));

  if (!spot) {
    fill(place, icon("locate"), t("Looking for the position…"));
    locate().then(setSpot, (error) => fill(place, icon("locate-off"), h("span", null, error.message)));
  }
  drawClasses();
  drawConditions();

  /** @param {import("./position.js").Spot} next */
  function setSpot(next) {
    spot = next;
    if (map) {
      marker.setLatLng([next.lat, next.lon]).addTo(map);
      map.setView([next.lat, next.lon], Math.max(17, map.getZoom()));
    }
    drawPlace();
    void ask(next);
  }

  /** @param {import("./position.js").Spot} asked */
  async function ask(asked) {
    try {
      const answer = /** @type {Located} */ (await api.get("/locate", { lon: asked.lon, lat: asked.lat, datum: "wgs84" }));
      if (asked !== spot) return;
      found = answer;
      drawPlace();
      drawNear();
      drawClasses();
    } catch (error) {
      if (asked !== spot || !(error instanceof ApiError)) return;
      found = null;
      drawNear();
      drawPlace(error.code === "offline" ? t("the cell is found when it is sent") : error.message);
    }
  }

  /** @param {string} [word] */
  function drawPlace(word) {
    if (!spot) return;
    const where = found ? [named(found.street), named(found.community)].filter(Boolean).join(" · ") : "";
    fill(place, icon("map-pin"), h("span", null, h("b", null, where || `${spot.lon.toFixed(5)}, ${spot.lat.toFixed(5)}`),
      h("span.small.quiet", null, [
        found && `${t("cell")} ${found.cell.code.slice(-3)}`, spot.by === "hand" ? t("put by hand") : spot.accuracy_m && `±${Math.round(spot.accuracy_m)} m`, word,
      ].filter(Boolean).join(" · "))),
      h("button.bare", { type: "button", "aria-label": t("Position again"), onclick: () => locate().then(setSpot, (error) => drawPlace(error.message)) }, icon("locate")));
  }

  function drawNear() {
    const list = found?.components ?? [];
    if (!list.some((item) => item.code === component)) component = "";
    fill(near, list.slice(0, 6).map((item) => h("label.choice", null,
      h("input", { type: "radio", name: "component", value: item.code, checked: item.code === component, onchange: () => takeComponent(item) }),
      h("span", null, item.name, h("span.quiet.small", null, distance(item.distance_m))))),
      h("label.choice", null, h("input", { type: "radio", name: "component", value: "", checked: component === "", onchange: () => {
        component = "";
        drawClasses();
      } }), h("span", null, t("none"))));
  }

  /** @param {ComponentOut} item */
  function takeComponent(item) {
    component = item.code;
    const own = classes.find((entry) => entry.kind === "component" && entry.code === item.class_code);
    if (own) takeClass(own);
    else drawClasses();
  }

  /** Likely first: what stands near, then what this phone reports often. */
  function likely() {
    const nearby = (found?.components ?? []).map((item) => classes.find((entry) => entry.kind === "component" && entry.code === item.class_code));
    const usual = often().map((id) => classes.find((entry) => String(entry.id) === id));
    const events = classes.filter((entry) => entry.kind === "event");
    return [...new Set([...nearby, ...usual, ...events, ...classes])].filter((entry) => entry !== undefined).slice(0, 6);
  }

  function drawClasses() {
    const list = search.value.trim() ? searchClasses(classes, search.value, 12) : likely();
    if (chosen && !list.includes(chosen)) list.unshift(chosen);
    fill(chips, list.map((item) => h("button.class-chip", { type: "button", "aria-pressed": String(item === chosen), onclick: () => takeClass(item) },
      h("b", null, nameOf(item)), h("span.small.quiet", null, `${item.kind === "component" ? t("component") : t("event")} ${item.code}`))),
      !list.length && h("p.quiet", null, t("No class fits. Try the code or fewer letters.")));
  }

  /** @param {ClassOut} item */
  function takeClass(item) {
    if (chosen !== item) condition = null;
    chosen = item;
    search.value = "";
    // a fault of a component is a fault of the nearest one of that class, unless another is chosen
    const fits = found?.components.filter((near) => item.kind === "component" && near.class_code === item.code) ?? [];
    if (fits.length && !fits.some((near) => near.code === component)) component = fits[0].code;
    drawNear();
    drawClasses();
    drawConditions();
  }

  function drawConditions() {
    const list = chosen?.conditions ?? [];
    if (list.length === 1) condition = list[0].id;
    fill(conditions, list.map((item) => h("label.choice", null,
      h("input", { type: "radio", name: "condition", value: item.id, checked: item.id === condition, onchange: () => {
        condition = item.id;
      } }),
      h("span", null, h("span", null, item.text), h("b.nowrap.small", null, item.limit_text)))));
  }

  function typedFields() {
    const lon = h("input", { id: "lon", inputmode: "decimal", placeholder: "116.4166" });
    const lat = h("input", { id: "lat", inputmode: "decimal", placeholder: "39.9289" });
    const use = () => {
      const [x, y] = [Number(lon.value), Number(lat.value)];
      if (lon.value && lat.value && Math.abs(x) <= 180 && Math.abs(y) <= 90) setSpot({ lon: x, lat: y, accuracy_m: null, by: "hand" });
      else complain(t("Longitude and latitude in degrees, WGS-84."), "place");
    };
    return h("div.pair", null, h("div", null, h("label", { for: "lon" }, t("Longitude")), lon), h("div", null, h("label", { for: "lat" }, t("Latitude")), lat),
      h("button", { type: "button", onclick: use }, t("Use")));
  }

  /** @param {string} message @param {string} name */
  function complain(message, name) {
    form.querySelectorAll(".wrong").forEach((element) => element.classList.remove("wrong"));
    const wrong = form.querySelector(`[data-field="${name}"]`);
    wrong?.classList.add("wrong");
    wrong?.scrollIntoView({ block: "center" });
    fault.hidden = false;
    fill(fault, message);
  }

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    if (submit.disabled) return;
    const photos = picker.photos();
    if (!photos.length) return complain(t("Take a photo first."), "photos");
    if (!spot) return complain(t("Where is it? Put the pin on the map."), "place");
    if (!chosen) return complain(t("Choose what it is."), "class_id");
    submit.disabled = true;
    try {
      const id = draft?.id ?? crypto.randomUUID();
      remember(chosen);
      await onsave({
        id, task: "report", path: "/reports", title: nameOf(chosen),
        photos: photos.map((photo) => ({ ...photo, kind: "report" })),
        form: {
          id, class_id: chosen.id, condition_id: condition, lon: spot.lon, lat: spot.lat, datum: "wgs84", accuracy_m: spot.accuracy_m,
          component_code: component, text: text.value.trim(), photos: photos.map((photo) => photo.id), source: "inspector",
          device_at: draft?.form.device_at ?? new Date().toISOString(),
        },
      });
    } finally {
      submit.disabled = false;
    }
  }
}
