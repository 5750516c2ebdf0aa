/** What a camera wrote into a JPEG: orientation, when, where. Pure; anything odd is simply not there. */

/** @typedef {{ orientation: number, taken_at?: string, lon?: number, lat?: number }} Exif */

const POINTERS = { exif: 0x8769, gps: 0x8825 };

/** @param {ArrayBuffer} bytes @returns {Exif} */
export function readExif(bytes) {
  try {
    const block = exifBlock(new DataView(bytes));
    return block ? facts(block) : { orientation: 1 };
  } catch (error) {
    if (error instanceof RangeError) return { orientation: 1 };
    throw error;
  }
}

/** The TIFF block of the first APP1 segment. @param {DataView} view */
function exifBlock(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 <= view.byteLength;) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (marker === 0xffda || marker >> 8 !== 0xff || length < 2) return null;
    const isExif = marker === 0xffe1 && length > 8 && view.getUint32(at + 4) === 0x45786966;
    if (isExif) return new DataView(view.buffer, view.byteOffset + at + 10, length - 8);
    at += 2 + length;
  }
  return null;
}

/** @param {DataView} tiff @returns {Exif} */
function facts(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const first = entries(tiff, tiff.getUint32(4, little), little);
  const camera = first.has(POINTERS.exif) ? entries(tiff, first.get(POINTERS.exif)?.[0], little) : new Map();
  const gps = first.has(POINTERS.gps) ? entries(tiff, first.get(POINTERS.gps)?.[0], little) : new Map();
  const orientation = Number(first.get(0x0112)?.[0] ?? 1);
  return {
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    taken_at: instant(camera.get(0x9003), camera.get(0x9011)),
    ...place(gps),
  };
}

/** Tag → values of one directory. @param {DataView} tiff @param {number} at @param {boolean} little */
function entries(tiff, at, little) {
  const found = new Map();
  const count = tiff.getUint16(at, little);
  for (let i = 0; i < count; i += 1) {
    const row = at + 2 + 12 * i;
    const type = tiff.getUint16(row + 2, little);
    const size = [0, 1, 1, 2, 4, 8, 0, 1, 0, 4, 8][type] ?? 0;
    const amount = tiff.getUint32(row + 4, little);
    if (!size || amount > 4096) continue;
    const start = size * amount <= 4 ? row + 8 : tiff.getUint32(row + 8, little);
    found.set(tiff.getUint16(row, little), values(tiff, start, type, amount, little));
  }
  return found;
}

/** @param {DataView} tiff @param {number} start @param {number} type @param {number} amount @param {boolean} little */
function values(tiff, start, type, amount, little) {
  if (type === 2) {
    let text = "";
    for (let i = 0; i < amount; i += 1) text += String.fromCharCode(tiff.getUint8(start + i));
    return text.replace(/\0.*$/, "");
  }
  return Array.from({ length: amount }, (_, i) => {
    if (type === 3) return tiff.getUint16(start + 2 * i, little);
    if (type === 4 || type === 9) return tiff.getUint32(start + 4 * i, little);
    if (type === 5 || type === 10) return tiff.getUint32(start + 8 * i, little) / tiff.getUint32(start + 8 * i + 4, little);
    return tiff.getUint8(start + i);
  });
}

/** "2026:11:22 14:05:09" with its offset. Without one the phone's own zone is meant. @param {unknown} stamp @param {unknown} offset */
function instant(stamp, offset) {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(String(stamp ?? ""));
  if (!parts) return undefined;
  const zone = /^[+-]\d\d:\d\d$/.test(String(offset ?? "")) ? offset : "";
  const at = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}${zone}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** @param {Map<number, any>} gps */
function place(gps) {
  /** @param {number[] | undefined} parts @param {string | undefined} ref @param {string} negative */
  const degrees = (parts, ref, negative) => (parts?.length === 3 ? (parts[0] + parts[1] / 60 + parts[2] / 3600) * (ref === negative ? -1 : 1) : NaN);
  const lat = degrees(gps.get(2), gps.get(1), "S");
  const lon = degrees(gps.get(4), gps.get(3), "W");
  const known = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return known ? { lon, lat } : {};
}
