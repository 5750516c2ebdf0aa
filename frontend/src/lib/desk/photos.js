/** Photographs of a case: a strip of thumbs, the full picture in a dialog; and choosing new ones. */
import { fill, h, icon } from "../dom.js";
import { distance } from "../geo.js";
import { t } from "../i18n.js";
import { both } from "../time.js";
import { dialog } from "../ui.js";

/** @param {string} kind */
export function photoKind(kind) {
  /** @type {Record<string, string>} */
  const words = { report: t("as reported"), verify: t("verification"), finish: t("after handling"), check: t("check") };
  return words[kind] ?? kind;
}

/** Its own position lies farther from the place claimed than the city allows. @param {PhotoOut} photo */
const elsewhere = (photo) => t("taken {distance} away", { distance: distance(photo.off_m ?? 0) });

/** @param {PhotoOut[]} photos @param {import("../api.js").Api} api */
export function photoStrip(photos, api) {
  if (!photos.length) return h("p.quiet.small", null, t("No photo."));
  return h("ul.photos", null, photos.map((photo) => h("li", null,
    h("button.photo", { type: "button", onclick: () => look(photo, api), "aria-label": t("Photo {kind}, {time}", { kind: photoKind(photo.kind), time: both(photo.taken_at ?? photo.uploaded_at) }) },
      h("img", { src: api.photoUrl(photo.id, "thumb"), alt: "", loading: "lazy", width: 160, height: 120 }),
      h("span.small", null, photoKind(photo.kind)),
      photo.off && h("span.small.warn", null, elsewhere(photo))))));
}

/** @param {PhotoOut} photo @param {import("../api.js").Api} api */
function look(photo, api) {
  const { box } = dialog(
    photoKind(photo.kind),
    h("img", { src: api.photoUrl(photo.id, "full"), alt: photoKind(photo.kind), width: photo.width, height: photo.height }),
    photo.off && h("p.warn", null, icon("triangle-alert"), " ", elsewhere(photo)),
    photo.source && h("p.quiet.small", null, photo.source === "camera" ? t("from the camera, the phone says") : t("from the gallery, the phone says")),
    h("p.quiet.small", null, t("taken {time}", { time: both(photo.taken_at) }), " · ", t("uploaded {time}", { time: both(photo.uploaded_at) })),
  );
  box.classList.add("photo");
}

/** @typedef {{ element: HTMLElement, photos: () => { id: string, blob: Blob }[] }} PhotoPicker */

/** A field for up to nine photographs. @param {{ label: string, most?: number, camera?: boolean, first?: Blob[] }} options @returns {PhotoPicker} */
export function photoPicker({ label, most = 9, camera = false, first = [] }) {
  /** @type {{ id: string, blob: Blob, url: string }[]} */
  let chosen = [];
  const input = h("input.visually-hidden", {
    type: "file", accept: "image/*", multiple: !camera, capture: camera ? "environment" : null, id: `photos-${crypto.randomUUID()}`, onchange: add,
  });
  const shelf = h("ul.photos");
  const button = h("label.button.photo-add", { for: input.id }, icon("camera"), h("span", null, label));
  const element = h("div.photo-picker", null, shelf, input, button);

  function add() {
    take([...(input.files ?? [])]);
    input.value = "";
  }

  /** @param {Blob[]} blobs */
  function take(blobs) {
    for (const blob of blobs) {
      if (chosen.length < most) chosen.push({ id: crypto.randomUUID(), blob, url: URL.createObjectURL(blob) });
    }
    draw();
  }

  function draw() {
    fill(shelf, chosen.map((photo) => h("li", null, h("span.photo", null, h("img", { src: photo.url, alt: t("chosen photo") })),
      h("button.bare.photo-drop", { type: "button", "aria-label": t("Remove photo"), onclick: () => drop(photo.id) }, icon("x")))));
    button.hidden = chosen.length >= most;
    element.classList.toggle("has", chosen.length > 0);
  }

  /** @param {string} id */
  function drop(id) {
    chosen = chosen.filter((photo) => {
      if (photo.id === id) URL.revokeObjectURL(photo.url);
      return photo.id !== id;
    });
    draw();
  }

  take(first);
  return { element, photos: () => chosen.map(({ id, blob }) => ({ id, blob })) };
}
