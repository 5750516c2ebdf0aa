/** Answering a task on site: the photo of before, what is found, a photo of now. Four taps. */
import { fill, h, icon } from "../dom.js";
import { photoPicker } from "../desk/photos.js";
import { distance, metres } from "../geo.js";
import { className, conditionText, named, t } from "../i18n.js";
import { both } from "../time.js";
import { locate } from "./position.js";

/** Farther than this from the place, the inspector is asked once more. */
const FAR_M = 100;

/**
 * @param {{ root: HTMLElement, api: import("../api.js").Api, task: TaskOut & { case: Card },
 *   onsave: (item: Omit<import("../outbox.js").OutboxItem, "state" | "saved_at">) => Promise<void>, onleave: () => void }} options
 */
export function taskView({ root, api, task, onsave, onleave }) {
  const { case: card, kind } = task;
  /** @type {import("./position.js").Spot | null} */
  let spot = null;
  const picker = photoPicker({ label: t("Photo of now"), camera: true });
  const far = h("p.small.quiet.distance");
  const note = h("textarea", { id: "task-note", rows: 2 });
  const fault = h("p.fault", { role: "alert", hidden: true });
  const choices = kind === "verify"
    ? [["exists", t("It is there")], ["not_exists", t("It is not there")], ["cannot_tell", t("Cannot tell")]]
    : [["pass", t("Mended")], ["fail", t("Not mended")], ["cannot_tell", t("Cannot tell")]];
  const box = h("div.choices.thirds", { role: "radiogroup", "aria-label": t("Result") }, choices.map(([value, word]) =>
    h("label.choice", null, h("input", { type: "radio", name: "result", value }), h("span", null, word))));
  const submit = h("button.primary.large", null, icon("send"), t("Send answer"));
  const form = h("form.report", { novalidate: true, onsubmit: save },
    h("header.sub-head", null, h("button.bare", { type: "button", "aria-label": t("Back"), onclick: onleave }, icon("chevron-left")),
      h("h1", null, kind === "verify" ? t("Verification") : t("Check"))),
    h("section", null, card.photo && h("img.before", { src: api.photoUrl(card.photo, "full"), alt: t("Photo of before") }),
      h("h2", null, className(card)), h("p", null, conditionText(card)),
      h("p.small.quiet", null, [named(card.street), named(card.community), card.number].filter(Boolean).join(" · ")),
      h("p.small.quiet", null, t("sent {time}", { time: both(task.sent_at) })), task.note && h("p", null, task.note), far),
    h("section", null, h("h2", null, t("What do you find?")), box),
    h("section", null, picker.element),
    h("section", null, h("label", { for: "task-note" }, t("Note"), h("span.quiet", null, ` ${t("(optional)")}`)), note),
    h("div.submit-bar", null, fault, submit));
  fill(root, form);

  locate().then((found) => {
    spot = found;
    const away = metres(found.lon, found.lat, card.lon, card.lat);
    fill(far, icon("map-pin"), t("You are {distance} from the place.", { distance: distance(away) }), away > FAR_M && h("b", null, ` ${t("That is far: is it the right place?")}`));
  }, (error) => fill(far, error.message));

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    if (submit.disabled) return;
    const result = /** @type {HTMLInputElement | null} */ (box.querySelector("input:checked"))?.value;
    if (!result) {
      fault.hidden = false;
      return fill(fault, t("Choose what you found."));
    }
    submit.disabled = true;
    try {
      const photos = picker.photos();
      await onsave({
        id: crypto.randomUUID(), task: "answer", path: `/cases/${card.id}/moves/answer_${kind}`,
        title: `${kind === "verify" ? t("Verification") : t("Check")} · ${className(card)}`,
        photos: photos.map((photo) => ({ ...photo, kind })),
        form: { version: card.version, result, note: note.value.trim(), lon: spot?.lon ?? null, lat: spot?.lat ?? null, photos: photos.map((photo) => photo.id) },
      });
    } finally {
      submit.disabled = false;
    }
  }
}
