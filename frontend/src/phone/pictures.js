/** Photographs of a report or an answer: the first one large, more beside it, from the camera or the gallery. */
import { fill, h, icon } from "../lib/dom.js";
import { distance, metres } from "../lib/geo.js";
import { t } from "../lib/i18n.js";
import { toast } from "../lib/ui.js";
import { prepare } from "./photo.js";

/** @typedef {{ id: string, kind: string, blob: Blob, url: string, meta: import("./outbox.js").PhotoMeta }} Picture */

/** A camera hands over what it took a moment ago; the gallery hands over what is older. @param {File} file @param {number} asked_at @returns {"camera" | "gallery" | "unknown"} */
export function sourceOf(file, asked_at) {
  if (!asked_at || !file.lastModified) return "unknown";
  return file.lastModified >= asked_at - 2000 ? "camera" : "gallery";
}

/**
 * @param {{ kind: string, label: string, most?: number, first?: Picture[], before?: Node | null,
 *   onchange: () => void }} options before: what stands beside the camera, to compare with
 */
export function pictures({ kind, label, most = 9, first = [], before = null, onchange }) {
  /** @type {Picture[]} */
  let chosen = first;
  /** @type {{ lon: number, lat: number, far_m: number } | null} */
  let claimed = null;
  let working = 0;
  let asked_at = 0;
  const camera = h("input.visually-hidden", { type: "file", accept: "image/*", capture: "environment", id: `camera-${kind}`, onclick: () => (asked_at = Date.now()), onchange: () => taken(camera, false) });
  const gallery = h("input.visually-hidden", { type: "file", accept: "image/*", multiple: true, id: `gallery-${kind}`, onchange: () => taken(gallery, true) });
  const shelf = h("ul.pictures");
  const element = h("div.picture-box", { class: `of-${kind}` }, before, h("div.now", null, shelf,
    h("div.picture-add", null, camera, h("label.button", { for: camera.id }, icon("camera"), h("span", null, label)),
      gallery, h("label.button.bare", { for: gallery.id }, icon("image"), h("span", null, t("Gallery"))))));

  /** @param {HTMLInputElement} input @param {boolean} from_gallery */
  function taken(input, from_gallery) {
    const files = [...(input.files ?? [])];
    input.value = "";
    void add(files.map((file) => ({ file, source: from_gallery ? "gallery" : sourceOf(file, asked_at) })));
  }

  /** @param {{ file: File | Blob, source: "camera" | "gallery" | "unknown" }[]} files */
  async function add(files) {
    working += 1;
    draw();
    for (const { file, source } of files.slice(0, most - chosen.length)) {
      try {
        const { blob, meta } = await prepare(file, source);
        chosen = [...chosen, { id: crypto.randomUUID(), kind, blob, meta, url: URL.createObjectURL(blob) }];
      } catch (error) {
        toast(error instanceof Error ? error.message : t("This picture could not be read."), "fault");
      }
    }
    working -= 1;
    draw();
    onchange();
  }

  /** @param {string} id */
  function drop(id) {
    chosen = chosen.filter((picture) => {
      if (picture.id === id) URL.revokeObjectURL(picture.url);
      return picture.id !== id;
    });
    draw();
    onchange();
  }

  /** A word where the picture's own position is far from the place claimed. @param {Picture} picture */
  function mismatch({ meta }) {
    if (!claimed || meta.lon === undefined || meta.lat === undefined) return null;
    const away = metres(meta.lon, meta.lat, claimed.lon, claimed.lat);
    return away > claimed.far_m && h("span.picture-mark", null, icon("triangle-alert"), t("taken {distance} away", { distance: distance(away) }));
  }

  function draw() {
    fill(shelf, chosen.map((picture, i) => h("li", null,
      h("img", { src: picture.url, alt: t("Photo {n}", { n: i + 1 }) }), mismatch(picture),
      h("button.picture-drop", { type: "button", "aria-label": t("Remove photo {n}", { n: i + 1 }), onclick: () => drop(picture.id) }, icon("x")))),
      working > 0 && h("li.working", { role: "status" }, t("preparing…")));
    element.classList.toggle("has", chosen.length > 0 || working > 0);
    for (const input of [camera, gallery]) input.disabled = chosen.length >= most;
  }
  draw();

  return {
    element, add,
    list: () => chosen,
    busy: () => working > 0,
    /** @param {{ lon: number, lat: number }} place @param {number} far_m */
    compare(place, far_m) {
      claimed = { ...place, far_m };
      draw();
    },
  };
}
