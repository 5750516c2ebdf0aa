/**
 * Answering a task on site: verify (核实) before filing, check (核查) after handling. The photograph of before stands
 * beside the camera; the answer itself is the button that sends: open, camera, accept, answer.
 */
import { fill, h, icon } from "../lib/dom.js";
import { distance, metres } from "../lib/geo.js";
import { className, conditionText, named, t } from "../lib/i18n.js";
import { timeChip } from "../lib/format.js";
import { both } from "../lib/time.js";
import { pictures } from "./pictures.js";
import { locate } from "./position.js";

/** @typedef {import("./outbox.js").Item} Item */

/** @param {PhoneTask["kind"]} kind @returns {[result: string, word: string, sign: Node][]} */
const answersTo = (kind) => kind === "verify"
  ? [["exists", t("It is there"), icon("check")], ["not_exists", t("It is not there"), icon("x")], ["cannot_tell", t("Cannot tell"), icon("circle-help")]]
  : [["pass", t("Mended"), icon("check")], ["fail", t("Not mended"), icon("x")], ["cannot_tell", t("Cannot tell"), icon("circle-help")]];

/** @param {{ lon: number, lat: number }} place @param {number} far_m @param {(spot: import("./ground.js").Spot) => void} onspot */
export function distanceLine(place, far_m, onspot) {
  const line = h("p.distance", { role: "status" }, icon("locate"), t("Looking for the position…"));
  locate().then((found) => {
    onspot(found);
    const away = metres(found.lon, found.lat, place.lon, place.lat);
    line.classList.toggle("far", away > far_m);
    fill(line, icon(away > far_m ? "triangle-alert" : "map-pin"), h("span", null, t("You are {distance} from the place.", { distance: distance(away) }),
      away > far_m && h("b", null, ` ${t("That is far: is it the right place?")}`)));
  }, (error) => fill(line, icon("locate-off"), h("span", null, error.message)));
  return line;
}

/**
 * talk   what is said on the case, for the foot of the view
 * @param {{ root: HTMLElement, api: import("../lib/api.js").Api, task: PhoneTask, settings: PackSettings, person: number, talk?: HTMLElement, draft?: Item,
 *   draftPhotos?: import("./pictures.js").Picture[],
 *   onsend: (item: Omit<Item, "photos" | "tries">, photos: import("./outbox.js").NewPhoto[]) => Promise<boolean>, onleave: () => void }} options
 */
export function taskView({ root, api, task, settings, person, talk, draft, draftPhotos = [], onsend, onleave }) {
  const { case: card, kind } = task;
  const id = draft?.id ?? crypto.randomUUID();
  /** @type {import("./ground.js").Spot | null} */
  let spot = null;
  const shown = [...task.before.slice(0, 1).map((photo) => [photo, t("Photo of before")]), ...task.handled.slice(-1).map((photo) => [photo, t("Photo by the department")])];
  const before = shown.length > 0 && h("ul.before", null, shown.map(([photo, word]) =>
    h("li", null, h("img", { src: api.photoUrl(photo, "full"), alt: "" }), h("span.small", null, word))));
  const shots = pictures({ kind, label: t("Photo of now"), most: settings.photos_at_most, first: draftPhotos, before: before || null, onchange: () => {} });
  const note = h("textarea", { id: "task-note", rows: 2, maxlength: 2000 });
  note.value = draft?.body.note ?? "";
  const fault = h("p.fault", { role: "alert", hidden: true });
  const buttons = answersTo(kind).map(([result, word, sign]) =>
    h("button.answer", { type: "button", class: result, onclick: () => answer(result) }, sign, h("span", null, word)));
  const bar = h("div.submit-bar.answers", { role: "group", "aria-label": kind === "verify" ? t("Is it there?") : t("Is it mended?") }, fault, buttons);
  const moved = h("div", { role: "alert" });
  fill(root, h("div.report", null,
    h("header.sub-head", null, h("button.bare", { type: "button", "aria-label": t("Back"), onclick: onleave }, icon("chevron-left")),
      h("h1", { tabindex: "-1" }, kind === "verify" ? t("Verification") : t("Check"))),
    moved,
    draft?.fault && h("p.notice", null, icon("triangle-alert"), h("span", null, draft.fault.message, " ", draft.fault.mend)),
    h("section", null, shots.element),
    h("section.facts", null, h("h2", null, className(card)), h("p", null, conditionText(card)), task.text && h("p", null, task.text),
      h("p.small", null, [task.address, named(card.street), named(card.community), card.number].filter(Boolean).join(" · ")),
      h("p.small", null, timeChip({ ...card, due_at: task.due_at ?? card.due_at }), " ", t("sent {time}", { time: both(task.sent_at) })),
      distanceLine(card, settings.far_m, (found) => (spot = found))),
    h("details.more", null, h("summary", null, t("Add a note")), h("label", { for: note.id }, t("Note")), note),
    talk,
    bar));

  /** @param {string} result */
  async function answer(result) {
    if (shots.busy()) return say(t("The photo is being prepared. One moment."));
    buttons.forEach((button) => (button.disabled = true));
    const photos = shots.list();
    const sent = await onsend({
      id, person, saved_at: new Date().toISOString(), state: "waiting", kind: "answer", task_id: task.id, case_id: card.id,
      title: `${kind === "verify" ? t("Verification") : t("Check")} · ${className(card)}`,
      body: {
        id, result, note: note.value.trim(), photos: photos.map((photo) => photo.id), device_at: new Date().toISOString(),
        lon: spot?.lon ?? null, lat: spot?.lat ?? null, datum: "wgs84", accuracy_m: spot?.accuracy_m ?? null,
      },
    }, photos);
    if (sent) return onleave();
    buttons.forEach((button) => (button.disabled = false));
  }

  /** @param {string} words */
  function say(words) {
    fault.hidden = false;
    fill(fault, words);
  }

  return {
    case_id: card.id,
    /** The case has gone on without this answer. @param {string} state in words */
    movedOn(state) {
      buttons.forEach((button) => (button.disabled = true));
      fill(moved, h("p.notice", null, icon("triangle-alert"), h("span", null, h("b", null, t("This case has moved on: {state}.", { state })), " ", t("Your answer is no longer asked for.")),
        h("button", { type: "button", onclick: onleave }, t("Back"))));
    },
  };
}
