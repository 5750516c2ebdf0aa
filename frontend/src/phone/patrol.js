/**
 * On duty: the shift, and a track of where she walked, at a rate that spares the battery. Fixes wait on the phone,
 * sealed, until the server has them; off duty nothing is noted.
 */
import { metres } from "../lib/geo.js";

/** Fixes are sent when so many wait, or after so long. */
const SEND_AT = 20;
const SEND_EVERY_MS = 5 * 60_000;

/** @typedef {{ at: string, lon: number, lat: number, accuracy_m: number, speed?: number }} Fix */
/** @typedef {{ id: string, fixes: Fix[] }} Bundle under an id, so that sending it twice is harmless */
/** @typedef {{ on: boolean, id: string, pending: { on: boolean, device_at: string } | null }} Shift */

/** Is a fix worth keeping after the last one? @param {Fix | null} last @param {Fix} fix @param {PackSettings["track"]} rate */
export function worth(last, fix, rate) {
  if (fix.accuracy_m > rate.worst_accuracy_m) return false;
  if (!last) return true;
  const seconds = (Date.parse(fix.at) - Date.parse(last.at)) / 1000;
  if (seconds < rate.every_s) return false;
  const moved = metres(last.lon, last.lat, fix.lon, fix.lat);
  // who stands still is noted now and then only
  return moved >= rate.least_m || seconds >= 10 * rate.every_s;
}

/**
 * @param {{ outbox: import("./outbox.js").Outbox, seals: import("./seal.js").Sealer, api: import("../lib/api.js").Api,
 *   onchange: (shift: Shift) => void, rate: () => PackSettings["track"], person: number }} deps
 */
export async function openPatrol({ outbox, seals, api, onchange, rate, person }) {
  const [SHIFT, TRACK] = [`shift-${person}`, `track-${person}`];
  /** @type {Shift} */
  let shift = (await outbox.kept(SHIFT)) ?? { on: false, id: "", pending: null };
  const sealed = await outbox.kept(TRACK);
  /** @type {Bundle} */
  let bundle = sealed ? await seals.openValue(TRACK, sealed) : fresh();
  /** @type {Fix | null} */
  let last = bundle.fixes.at(-1) ?? null;
  /** @type {number | null} */
  let watch = null;
  let sent_at = Date.now();

  /** @returns {Bundle} */
  function fresh() {
    return { id: crypto.randomUUID(), fixes: [] };
  }

  const keepTrack = async () => outbox.keep(TRACK, await seals.sealValue(TRACK, bundle));

  /** @param {Shift} next */
  async function become(next) {
    shift = next;
    await outbox.keep(SHIFT, shift);
    follow();
    onchange(shift);
  }

  function follow() {
    if (shift.on && watch === null && navigator.geolocation) {
      watch = navigator.geolocation.watchPosition(note, () => {}, { enableHighAccuracy: false, maximumAge: rate().every_s * 1000 });
    } else if (!shift.on && watch !== null) {
      navigator.geolocation.clearWatch(watch);
      watch = null;
    }
  }

  /** @param {GeolocationPosition} position */
  async function note({ coords, timestamp }) {
    const fix = { at: new Date(timestamp).toISOString(), lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy };
    if (!shift.on || !worth(last, fix, rate())) return;
    last = fix;
    bundle = { ...bundle, fixes: [...bundle.fixes, fix].slice(-rate().fixes_at_most) };
    await keepTrack();
    if (bundle.fixes.length >= SEND_AT || Date.now() - sent_at > SEND_EVERY_MS) await send();
  }

  let sending = false;
  /** Sends the switch, then the track. What does not get through is tried again with the next call. */
  async function send() {
    if (sending) return;
    sending = true;
    try {
      // the track first when the shift has ended: afterwards its fixes would lie outside it
      if (!shift.pending?.on) await sendTrack();
      if (shift.pending) {
        const { pending, id } = shift;
        await api.putJson("/patrol/shift", { id, ...pending });
        if (shift.pending === pending) await become({ ...shift, pending: null });
      }
      await sendTrack();
    } catch {
      // kept; the next fix, focus or network change tries again
    } finally {
      sending = false;
    }
  }

  async function sendTrack() {
    if (!bundle.fixes.length) return;
    const going = bundle;
    await api.post("/patrol/track", { id: going.id, sent_at: new Date().toISOString(), fixes: going.fixes });
    sent_at = Date.now();
    // fixes that came meanwhile go under the next id
    bundle = { id: crypto.randomUUID(), fixes: bundle.fixes.slice(going.fixes.length) };
    await keepTrack();
  }

  follow();
  onchange(shift);
  return {
    send,
    shift: () => shift,
    /** The switch. It holds on the phone at once, whether or not there is a network. */
    async toggle() {
      const on = !shift.on;
      // the first position goes out at once: the centre sees where she begins
      if (on) sent_at = 0;
      await become({ on, id: on ? crypto.randomUUID() : shift.id, pending: { on, device_at: new Date().toISOString() } });
      await send();
    },
  };
}
