/**
 * A new report on one screen: photograph, place, six chips, submit. What can be found out is found out by itself, and
 * without a network; only photograph and chip are the inspector's. What she has made is kept as a draft at every step.
 */
import { addressOf } from "../lib/addresses.js";
import { fill, h, icon } from "../lib/dom.js";
import { searchClasses } from "../lib/classes.js";
import { distance, metres } from "../lib/geo.js";
import { isChinese, t, tn } from "../lib/i18n.js";
import { ago } from "../lib/time.js";
import { cellAt, componentsNear } from "./ground.js";
import { pictures } from "./pictures.js";
import { locate } from "./position.js";
import { rank } from "./rank.js";
import { voiceNote } from "./voice.js";

/** Components up to here count as near the place. */
const NEAR_M = 60;
/** A place that moved by less keeps its address. */
const MOVED_M = 5;

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {import("./ground.js").Spot} Spot */
/** @typedef {{ files: { file: File | Blob, source: "camera" | "gallery" | "unknown" }[], spot?: Promise<Spot> }} Start */

/** @param {PackClass} item */
const nameOf = (item) => (isChinese() ? item.name : item.name_en || item.name);
/** @param {{ text: string, text_en: string }} condition */
const textOf = (condition) => (isChinese() ? condition.text : condition.text_en || condition.text);

/**
 * @param {{
 *   root: HTMLElement, pack: Pack, api: import("../lib/api.js").Api, person: number, start?: Start, draft?: Item, draftPhotos?: import("./pictures.js").Picture[],
 *   openMap: (element: HTMLElement, options: { placing: true }) => Promise<import("./map.js").PhoneMap>,
 *   onkeep: (item: Omit<Item, "photos" | "tries">, photos: import("./outbox.js").NewPhoto[]) => Promise<void>,
 *   onsend: (item: Omit<Item, "photos" | "tries">, photos: import("./outbox.js").NewPhoto[]) => Promise<boolean>, onleave: () => void }} options
 */
export function reportView({ root, pack, api, person, start, draft, draftPhotos = [], openMap, onkeep, onsend, onleave }) {
  const { settings, ground } = pack;
  const classes = new Map(pack.classes.items.map((item) => [item.id, item]));
  const was = draft?.body ?? {};
  const id = draft?.id ?? crypto.randomUUID();
  const device_at = was.device_at ?? new Date().toISOString();
  /** @type {Spot | null} */
  let spot = was.lon !== undefined && was.lon !== null ? { lon: was.lon, lat: was.lat, accuracy_m: was.accuracy_m ?? null, by: was.accuracy_m ? "device" : "hand" } : null;
  /** @type {import("./ground.js").Near[]} */
  let near = [];
  let component = was.component_code ?? "";
  let address = was.address ?? "";
  let class_id = /** @type {number | null} */ (was.class_id ?? null);
  let condition_id = /** @type {number | null} */ (was.condition_id ?? null);
  let fixed = draft?.kind === "self_handled";
  /** @type {NearCase[]} */
  let same = [];
  let gone = false;
  /** Drafts follow one another; the last one wins. @type {Promise<unknown>} */
  let keeping = Promise.resolve();
  /** @type {import("./map.js").PhoneMap | null} */
  let map = null;

  const shots = pictures({ kind: "report", label: t("Photo"), most: settings.photos_at_most, first: draftPhotos.filter((photo) => photo.kind === "report"), onchange: keep });
  const after = pictures({ kind: "finish", label: t("Photo of it fixed"), most: 4, first: draftPhotos.filter((photo) => photo.kind === "finish"), onchange: keep });
  const voice = voiceNote({ first: draftPhotos.find((one) => one.kind === "voice"), most_s: settings.voice_s ?? 60, most_bytes: settings.voice_bytes ?? 2 ** 20, onchange: keep });
  const place = h("div.place-line");
  const mapBox = h("div.map-box.place-map", { hidden: true });
  const parts = h("div.choices.scroll-x", { role: "radiogroup", "aria-label": t("Component") });
  const chips = h("div.chips-six", { role: "radiogroup", "aria-label": t("What is it?") });
  const search = h("input", { type: "search", id: "class-search", placeholder: t("Code, name or initials, e.g. jgps"), autocomplete: "off", enterkeyhint: "search", oninput: drawFound });
  const found = h("ul.found.card", { hidden: true });
  const strip = h("section.same", { "aria-live": "polite", hidden: true });
  const text = h("textarea", { id: "report-text", rows: 2, maxlength: 2000, oninput: keep });
  text.value = was.text ?? "";
  const own = h("input", { type: "checkbox", id: "fixed", checked: fixed, onchange: () => {
    fixed = own.checked;
    drawFixed();
    keep();
  } });
  const fault = h("p.fault", { role: "alert", hidden: true });
  const submit = h("button.primary.large");
  const afterBox = h("div", { "data-field": "after_photos" }, after.element);
  const form = h("form.report", { novalidate: true, onsubmit: send },
    h("header.sub-head", null, h("button.bare", { type: "button", "aria-label": t("Back"), onclick: back }, icon("chevron-left")),
      h("h1", { tabindex: "-1" }, draft?.state === "needs" ? t("Mend the report") : t("New report"))),
    draft?.fault && h("p.notice", null, icon("triangle-alert"), h("span", null, draft.fault.message, " ", draft.fault.mend)),
    h("section", { "data-field": "photos" }, shots.element),
    h("section", { "data-field": "place" }, place, mapBox),
    h("section", { "data-field": "class_id" }, h("h2.visually-hidden", null, t("What is it?")), chips, parts),
    strip,
    voice.element,
    h("details.more", { open: Boolean(was.text) || fixed }, h("summary", null, t("Something else, text, fixed on the spot")),
      h("label", { for: search.id }, t("All classes")), h("span.search", null, icon("search"), search), found,
      h("label", { for: text.id }, t("Text")), text,
      h("label.switch-line", { for: own.id }, own, h("span", null, h("b", null, t("I have fixed it myself")), h("span.quiet.small", null, t("Counts as self-handled: a photo of before, one of after.")))),
      afterBox),
    h("div.submit-bar", null, fault, submit));
  fill(root, form);

  if (start) void shots.add(start.files);
  if (spot) setSpot(spot);
  else {
    fill(place, icon("locate"), h("span", null, t("Looking for the position…")), changeButton());
    void (start?.spot ?? locate()).then((here) => !gone && !spot && setSpot(here), (error) => !gone && fill(place, icon("locate-off"), h("span", null, error.message), changeButton()));
  }
  drawChips();
  drawFixed();

  // --- place ---------------------------------------------------------------------------------------------------

  /** @param {Spot} next */
  function setSpot(next) {
    if (spot && metres(spot.lon, spot.lat, next.lon, next.lat) > MOVED_M) address = "";
    spot = next;
    near = componentsNear(ground, next, NEAR_M);
    if (component && !near.some((item) => item.code === component)) component = "";
    fitComponent();
    shots.compare(next, settings.photo_far_m);
    map?.pin(next);
    drawPlace();
    drawChips();
    void lookForSame();
    void askAddress(next);
    keep();
  }

  /** What people call the place; only with a network, and the report is good without. @param {Spot} at */
  async function askAddress(at) {
    const found = navigator.onLine ? await addressOf(api, at.lon, at.lat) : "";
    if (gone || at !== spot || !found) return;
    address = found;
    drawPlace();
    keep();
  }

  function drawPlace() {
    if (!spot) return;
    const cell = cellAt(ground, spot);
    const about = [
      address,
      spot.by === "hand" ? t("put by hand") : spot.accuracy_m !== null && `±${Math.round(spot.accuracy_m)} m`,
      cell && !cell.own && t("outside your cells: allowed, and marked"),
      !cell && t("outside your cells: the cell is found when it is sent"),
    ];
    fill(place, icon("map-pin"), h("span", null, h("b", null, cell ? t("Cell {code}", { code: cell.code.slice(-6) }) : `${spot.lon.toFixed(5)}, ${spot.lat.toFixed(5)}`),
      h("span.small", { class: cell?.own ? "quiet" : "flag" }, about.filter(Boolean).join(" · "))), changeButton());
  }

  function changeButton() {
    return h("button", { type: "button", "aria-expanded": String(!mapBox.hidden), onclick: choosePlace }, t("Change"));
  }

  async function choosePlace() {
    mapBox.hidden = !mapBox.hidden;
    drawPlace();
    if (mapBox.hidden || map) return;
    map = await openMap(mapBox, { placing: true });
    map.onplace((lon, lat) => setSpot({ lon, lat, accuracy_m: null, by: "hand" }));
    if (spot) map.pin(spot);
  }

  // --- what it is ----------------------------------------------------------------------------------------------

  /** The six likely ones; the chosen one stays among them. */
  function likely() {
    const ranked = rank(pack.ranking, { at: new Date(device_at), cell: spot ? cellAt(ground, spot)?.code ?? "" : "", near });
    const six = ranked.filter((chip) => classes.has(chip.class_id));
    for (const item of pack.classes.items) {
      if (six.length >= 6) break;
      if (!six.some((chip) => chip.class_id === item.id)) six.push({ class_id: item.id, condition_id: item.conditions[0]?.id ?? null, score: 0, why: "common" });
    }
    if (class_id !== null && !six.some((chip) => chip.class_id === class_id && chip.condition_id === condition_id)) {
      six.splice(5, 1, { class_id, condition_id, score: 0, why: "common" });
    }
    return six;
  }

  /** @param {import("./rank.js").Why} why */
  function whyWord(why) {
    /** @type {Record<string, string>} */
    const words = { near: t("stands near"), beside: t("often beside what stands here"), hour: t("at this hour"), season: t("at this season"), own: t("often in this cell"), common: "" };
    return words[why];
  }

  function drawChips() {
    fill(chips, likely().map((chip) => {
      const item = /** @type {PackClass} */ (classes.get(chip.class_id));
      const condition = item.conditions.find((one) => one.id === chip.condition_id);
      const on = class_id === chip.class_id && condition_id === chip.condition_id;
      return h("button.class-chip", { type: "button", role: "radio", "aria-checked": String(on), title: whyWord(chip.why) || null, onclick: () => take(item, chip.condition_id) },
        h("b", null, nameOf(item)), condition && h("span.small", null, textOf(condition)));
    }));
    drawParts();
  }

  /** @param {PackClass} item @param {number | null} condition */
  function take(item, condition) {
    class_id = item.id;
    condition_id = condition;
    search.value = "";
    drawFound();
    fitComponent();
    drawChips();
    fault.hidden = true;
    void lookForSame();
    keep();
  }

  /** A fault of a component is a fault of the nearest one of that class, unless another is chosen. */
  function fitComponent() {
    const item = class_id === null ? null : classes.get(class_id);
    const fits = near.filter((one) => one.class_id === class_id);
    if (item?.kind === "event") component = "";
    else if (class_id !== null && !fits.some((one) => one.code === component)) component = fits[0]?.code ?? "";
  }

  function drawParts() {
    const fits = near.filter((one) => class_id === null || one.class_id === class_id).slice(0, 6);
    parts.hidden = class_id === null || !fits.length || classes.get(class_id)?.kind === "event";
    if (parts.hidden) return;
    const choice = (/** @type {string} */ code, /** @type {import("../lib/dom.js").Child} */ words) => h("label.choice", null,
      h("input", { type: "radio", name: "component", value: code, checked: code === component, onchange: () => {
        component = code;
        keep();
      } }), h("span", null, words));
    fill(parts, fits.map((one) => choice(one.code, [nameOf(/** @type {PackClass} */ (classes.get(one.class_id))), h("span.small", null, distance(one.distance_m))])), choice("", t("none of these")));
  }

  function drawFound() {
    const list = search.value.trim() ? searchClasses(pack.classes.items, search.value, 12) : [];
    found.hidden = !list.length && !search.value.trim();
    fill(found, list.map((item) => h("li", null, h("b", null, nameOf(item), h("span.small.quiet", null, ` ${item.code}`)),
      h("div.choices", null, (item.conditions.length ? item.conditions : [null]).map((condition) =>
        h("button", { type: "button", onclick: () => {
          take(item, condition?.id ?? null);
          chips.scrollIntoView({ block: "center" });
        } }, condition ? textOf(condition) : t("Choose")))))),
      !list.length && h("li.quiet", null, t("No class fits. Try the code or fewer letters.")));
  }

  // --- the same thing, reported already ------------------------------------------------------------------------

  async function lookForSame() {
    if (class_id === null || !spot || draft?.state === "needs") return drawSame([]);
    const [asked, at] = [class_id, spot];
    const away = (/** @type {NearCase} */ one) => one.distance_m ?? metres(at.lon, at.lat, one.lon, one.lat);
    drawSame(pack.open.filter((one) => one.class_id === asked).map((one) => ({ ...one, distance_m: metres(at.lon, at.lat, one.lon, one.lat) }))
      .filter((one) => one.distance_m <= settings.join_m));
    try {
      const answer = /** @type {{ items: NearCase[] }} */ (await api.get("/cases/near", { lon: at.lon, lat: at.lat, datum: "wgs84", class_id: asked }));
      if (asked === class_id && at === spot && !gone) drawSame(answer.items.map((one) => ({ ...one, distance_m: away(one) })));
    } catch {
      // without a network the phone's own list stands
    }
  }

  /** @param {NearCase[]} list */
  function drawSame(list) {
    same = list.sort((a, b) => Number(a.distance_m) - Number(b.distance_m)).slice(0, 3);
    strip.hidden = !same.length;
    fill(strip, h("h2", null, tn("{n} open case of this class near here", "{n} open cases of this class near here", same.length)),
      h("ul.card", null, same.map((one) => h("li.list-row", null,
        one.photo && h("img.same-photo", { src: api.photoUrl(one.photo, "thumb"), alt: "" }),
        h("div", null, h("b", null, `${distance(Number(one.distance_m))} · ${ago(new Date(one.reported_at), new Date())}`), h("span.small", null, [one.address, one.number].filter(Boolean).join(" · "))),
        h("button", { type: "button", onclick: () => join(one) }, t("Same: join"))))));
  }

  /** @param {NearCase} one */
  async function join(one) {
    await voice.stop();
    if (!ready(false)) return;
    const photos = shots.list();
    await sendAs({
      ...base(), kind: "join", title: t("Joined: {title}", { title: isChinese() ? one.class_name : one.class_name_en || one.class_name }), case_id: one.id,
      body: { id, lon: spot?.lon, lat: spot?.lat, datum: "wgs84", accuracy_m: spot?.accuracy_m ?? null, device_at, text: text.value.trim(), photos: photos.map((photo) => photo.id), ...said() },
    }, [...photos, ...voice.list()]);
  }

  // --- keeping and sending -------------------------------------------------------------------------------------

  function drawFixed() {
    afterBox.hidden = !fixed;
    fill(submit, icon("send"), fixed ? t("Submit as fixed") : t("Submit"));
  }

  const said = () => (voice.list().length ? { voice: voice.list()[0].id } : {});
  const base = () => ({ id, person, saved_at: new Date().toISOString(), state: /** @type {const} */ ("waiting") });

  function made() {
    const item = class_id === null ? null : classes.get(class_id);
    const photos = [...shots.list(), ...(fixed ? after.list() : []), ...voice.list()];
    const body = {
      id, class_id, condition_id, lon: spot?.lon ?? null, lat: spot?.lat ?? null, datum: "wgs84", accuracy_m: spot?.accuracy_m ?? null,
      component_code: component, address, text: text.value.trim(), photos: shots.list().map((photo) => photo.id), source: "inspector", device_at,
      ...said(), ...(fixed ? { after_photos: after.list().map((photo) => photo.id) } : {}),
    };
    const kind = fixed ? /** @type {const} */ ("self_handled") : /** @type {const} */ ("report");
    return { item: { ...base(), kind, title: item ? nameOf(item) : t("New report"), body }, photos };
  }

  function keep() {
    if (gone || !(shots.list().length || voice.list().length)) return;
    keeping = keeping.then(() => {
      if (gone) return undefined;
      const { item, photos } = made();
      return onkeep({ ...item, state: draft?.state === "needs" ? "needs" : "draft", fault: draft?.fault }, photos);
    });
  }

  /** @param {string} message @param {string} name */
  function complain(message, name) {
    form.querySelectorAll(".wrong").forEach((element) => element.classList.remove("wrong"));
    const wrong = form.querySelector(`[data-field="${name}"]`);
    wrong?.classList.add("wrong");
    wrong?.scrollIntoView({ block: "center" });
    fault.hidden = false;
    fill(fault, message);
    return false;
  }

  /** Says what is lacking. @param {boolean} whole a report needs its class, joining does not */
  function ready(whole) {
    if (shots.busy() || after.busy()) return complain(t("The photo is being prepared. One moment."), "photos");
    if (!shots.list().length) return complain(t("Take a photo first."), "photos");
    if (!spot) return complain(t("Where is it? Put the pin on the map."), "place");
    if (whole && class_id === null) return complain(t("Choose what it is."), "class_id");
    if (whole && fixed && !after.list().length) return complain(t("Take a photo of it fixed."), "after_photos");
    return true;
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    await voice.stop();
    if (!ready(true)) return;
    const { item, photos } = made();
    await sendAs(item, photos);
  }

  /** @param {Omit<Item, "photos" | "tries">} item @param {import("./outbox.js").NewPhoto[]} photos */
  async function sendAs(item, photos) {
    if (submit.disabled) return;
    submit.disabled = true;
    gone = true;
    await keeping.catch(() => {});
    if (await onsend(item, photos)) return leave();
    gone = false;
    submit.disabled = false;
  }

  /** By the arrow: what she is just saying is kept with the draft. */
  async function back() {
    await voice.stop();
    await keeping.catch(() => {});
    leave();
  }

  function leave() {
    gone = true;
    map?.close();
    voice.close();
    onleave();
  }
  return { leave };
}
