/**
 * A photograph on its way from the camera to the outbox: upright, no larger than needed, and no coarser than text on
 * it can bear. The original's hash and what its camera wrote go with it.
 */
import { t } from "../lib/i18n.js";
import { readExif } from "./exif.js";
import { sha256 } from "./outbox.js";

/** @typedef {{ blob: Blob, meta: import("./outbox.js").PhotoMeta, width: number, height: number }} Prepared */

export const LONG_SIDE = 2048;
/** A picture that is small, upright and a JPEG already stays as it is. */
const SMALL_ENOUGH = 600 * 1024;
const QUALITIES = [0.6, 0.7, 0.8, 0.88, 0.94];
/** Signal to noise, in dB, that the finest part of the picture must keep: below it small letters begin to smear. */
export const LEAST_DB = 33;
const SAMPLE = 192;

/**
 * @param {File | Blob} file @param {"camera" | "gallery" | "unknown"} source @param {number} [longSide]
 * @returns {Promise<Prepared>} rejects with a sentence for the inspector
 */
export async function prepare(file, source, longSide = LONG_SIDE) {
  const bytes = await file.arrayBuffer();
  const { orientation, ...exif } = readExif(bytes);
  const meta = { source, original_sha256: await sha256(bytes), ...exif };
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(t("This phone cannot read that picture. Take it again, or set the camera to JPEG."));
  }
  const { width, height } = picture;
  const scale = Math.min(1, longSide / Math.max(width, height));
  if (file.type === "image/jpeg" && orientation === 1 && scale === 1 && file.size <= SMALL_ENOUGH) {
    picture.close();
    return { blob: file.slice(0, file.size, file.type), meta, width, height };
  }
  const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const quality = await qualityFor(canvas, pen);
  return { blob: await canvas.convertToBlob({ type: "image/jpeg", quality }), meta, width: canvas.width, height: canvas.height };
}

/** The least quality that the finest part of the picture bears. @param {OffscreenCanvas} canvas @param {OffscreenCanvasRenderingContext2D} pen */
async function qualityFor(canvas, pen) {
  const [x, y] = finest(canvas, pen);
  const side = Math.min(SAMPLE, canvas.width, canvas.height);
  const before = pen.getImageData(x, y, side, side);
  const sample = new OffscreenCanvas(side, side);
  const sampler = /** @type {OffscreenCanvasRenderingContext2D} */ (sample.getContext("2d", { willReadFrequently: true }));
  for (const quality of QUALITIES) {
    sampler.putImageData(before, 0, 0);
    const tried = await createImageBitmap(await sample.convertToBlob({ type: "image/jpeg", quality }));
    sampler.drawImage(tried, 0, 0);
    tried.close();
    if (decibels(before.data, sampler.getImageData(0, 0, side, side).data) >= LEAST_DB) return quality;
  }
  return QUALITIES[QUALITIES.length - 1];
}

/** Corner of the square with the strongest edges: where letters are, if there are any. @param {OffscreenCanvas} canvas @param {OffscreenCanvasRenderingContext2D} pen */
function finest({ width, height }, pen) {
  const { data } = pen.getImageData(0, 0, width, height);
  let best = { edges: -1, x: 0, y: 0 };
  for (let y = 0; y + SAMPLE <= height; y += SAMPLE) {
    for (let x = 0; x + SAMPLE <= width; x += SAMPLE) {
      let edges = 0;
      // one row in four is enough to find the place
      for (let row = y; row < y + SAMPLE; row += 4) {
        const start = 4 * (row * width + x) + 1;
        for (let i = start + 4; i < start + 4 * SAMPLE; i += 4) edges += Math.abs(data[i] - data[i - 4]);
      }
      if (edges > best.edges) best = { edges, x, y };
    }
  }
  return [best.x, best.y];
}

/** Peak signal to noise of brightness. @param {Uint8ClampedArray} a @param {Uint8ClampedArray} b */
export function decibels(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 4) {
    const brightness = (/** @type {Uint8ClampedArray} */ of) => 0.299 * of[i] + 0.587 * of[i + 1] + 0.114 * of[i + 2];
    sum += (brightness(a) - brightness(b)) ** 2;
  }
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255) / (sum / (a.length / 4)));
}
