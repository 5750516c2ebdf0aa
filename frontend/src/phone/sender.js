/**
 * Sending the outbox, from the page or from the service worker: one at a time, oldest first, photographs before the
 * form. A photograph goes on where it broke off; forms go in batches and each is answered on its own.
 *
 * Nothing here deletes: an item is either acknowledged, or waits, or needs the inspector.
 */
import { ApiError } from "../lib/api.js";

/** At most so many forms in one request, and no more once so much of their photographs has gone before. */
const BATCH = 20;
const BATCH_BYTES = 2 * 1024 * 1024;
/** A photograph of more bytes than this goes in pieces. */
const PIECE = 256 * 1024;
/** First pause after a failure; doubles with each, up to five minutes. */
const PAUSE_MS = 4000;
const PAUSE_AT_MOST_MS = 300_000;

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {{ sent: number, left: number, signedOut: boolean, again_at: number | null }} Outcome */

/** How long to stay away after the server's word, or after the n-th failure; some of it by chance, so that 200 phones do not come back at once.
 * @param {number | null} after seconds the server asked for @param {number} tries @param {() => number} chance */
export function pause(after, tries, chance) {
  const base = after !== null ? after * 1000 : Math.min(PAUSE_AT_MOST_MS, PAUSE_MS * 2 ** Math.min(tries, 10));
  return Math.round(base * (1 + 0.5 * chance()));
}

/**
 * @param {{ outbox: import("./outbox.js").Outbox, api: import("../lib/api.js").Api, now?: () => number, chance?: () => number,
 *   lock?: (work: () => Promise<Outcome>) => Promise<Outcome | null> }} deps
 */
export function createSender({ outbox, api, now = Date.now, chance = Math.random, lock = oneAtATime }) {
  /** Sends what waits. Null: somebody else is at it. @param {{ hurry?: boolean }} [options] hurry: do not wait for the end of a pause of our own */
  const flush = ({ hurry = false } = {}) => lock(async () => {
    const pausing = await outbox.kept("pause");
    if (pausing && pausing.until > now() && (pausing.asked || !hurry)) return outcome({ again_at: pausing.until });
    const open = (await outbox.items()).filter((item) => ["waiting", "sending"].includes(item.state));
    const due = open.filter((item) => !item.hold_until || item.hold_until <= now()).reverse();
    const held = open.map((item) => item.hold_until ?? 0).filter((until) => until > now());
    if (!due.length) return outcome({ left: open.length, again_at: held.length ? Math.min(...held) : null });
    let sent = 0;
    try {
      const me = /** @type {Me} */ (await api.get("/me"));
      if (!me?.id) throw notOurs();
      api.renew(me.csrf);
      const mine = due.filter((item) => item.person === Number(me.id));
      sent = await sendAll(mine);
      await outbox.keep("pause", null);
      await outbox.forgetOldSent();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const left = (await outbox.items()).filter((item) => item.state === "waiting").length;
      if (error.status === 401) return outcome({ sent, left, signedOut: true });
      const until = now() + pause(error.retryAfter, pausing?.tries ?? 0, chance);
      await outbox.keep("pause", { until, asked: error.retryAfter !== null, tries: (pausing?.tries ?? 0) + 1 });
      return outcome({ sent, left, again_at: until });
    }
    const left = (await outbox.items()).filter((item) => item.state === "waiting").length;
    return outcome({ sent, left, again_at: held.length ? Math.min(...held) : null });
  });

  /** Photographs one by one, their forms together; stops at the first sign that the link is down. @param {Item[]} items */
  async function sendAll(items) {
    let sent = 0;
    /** @type {Item[]} */
    let ready = [];
    try {
      for (const [i, item] of items.entries()) {
        await outbox.mark(item.id, { state: "sending" });
        if (await photosOf(item)) ready.push(item);
        const bytes = ready.flatMap((one) => one.photos).reduce((sum, photo) => sum + photo.size, 0);
        if (ready.length < BATCH && bytes < BATCH_BYTES && i < items.length - 1) continue;
        sent += await deliver(ready);
        ready = [];
      }
      return sent;
    } catch (error) {
      for (const item of items) {
        if ((await outbox.item(item.id))?.state === "sending") await outbox.mark(item.id, { state: "waiting" });
      }
      throw error;
    }
  }

  /** Sends what the server does not have yet of an item's photographs; false when it refused one. @param {Item} item */
  async function photosOf(item) {
    for (const photo of item.photos) {
      if (await outbox.isPhotoSent(photo.id)) continue;
      const blob = await outbox.photo(photo.id);
      if (!blob) throw new Error(`photo ${photo.id} is not in the store`);
      try {
        await upload(photo, blob);
      } catch (error) {
        if (!(error instanceof ApiError) || passes(error)) throw error;
        await refuse(item, error);
        return false;
      }
      await outbox.photoSent(photo.id, true);
    }
    return true;
  }

  /** @param {import("./outbox.js").KeptPhoto} photo @param {Blob} blob */
  async function upload(photo, blob) {
    const about = new URLSearchParams({ kind: photo.kind, source: photo.meta.source ?? "unknown" });
    for (const name of /** @type {const} */ (["original_sha256", "lon", "lat", "taken_at"])) {
      const value = photo.meta[name];
      if (value !== undefined) about.set(name, String(value));
    }
    if (blob.size <= PIECE) return arrived(photo, await api.put(`/photos/${photo.id}?${about}`, blob));
    about.set("total", String(blob.size));
    about.set("sha256", photo.sha256);
    let at = Number(/** @type {any} */ (await api.get(`/photos/${photo.id}`).catch(unknownYet))?.received ?? 0);
    for (let stumbles = 0; at < blob.size;) {
      about.set("offset", String(at));
      try {
        const piece = blob.slice(at, at + PIECE, blob.type);
        const answer = /** @type {any} */ (await api.put(`/photos/${photo.id}/parts?${about}`, piece));
        if (answer?.complete !== false) return arrived(photo, answer);
        at = Number(answer.received);
      } catch (error) {
        const has = error instanceof ApiError && error.code === "offset" ? error.details?.received : undefined;
        if (has === undefined || stumbles >= 3) throw error;
        stumbles += 1;
        at = Number(has);
      }
    }
  }

  /** @param {import("./outbox.js").KeptPhoto} photo @param {any} answer */
  function arrived(photo, answer) {
    // a last piece that was sent twice is answered without the hash; the city has compared it itself
    if (answer?.sha256 !== photo.sha256 && answer?.complete !== true) throw notOurs();
  }

  /** @param {unknown} error */
  function unknownYet(error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }

  /** Forms whose photographs have arrived; returns how many were taken in. @param {Item[]} items */
  async function deliver(items) {
    const [whole, old] = [items.filter((item) => !item.verb), items.filter((item) => item.verb)];
    let sent = 0;
    for (const item of old) sent += await move(item);
    if (!whole.length) return sent;
    let answers;
    try {
      answers = /** @type {any} */ (await api.post("/reports/batch", { items: whole.map(wrap) })).items;
    } catch (error) {
      if (!(error instanceof ApiError) || passes(error)) throw error;
      if (whole.length === 1) {
        await refuse(whole[0], error);
        return sent;
      }
      for (const item of whole) sent += await deliver([item]);
      return sent;
    }
    if (!Array.isArray(answers) || answers.some((answer, i) => answer.id !== whole[i]?.id) || answers.length !== whole.length) throw notOurs();
    /** @type {ApiError | null} */
    let later = null;
    for (const [i, answer] of answers.entries()) {
      const item = whole[i];
      if ([200, 201].includes(answer.status)) {
        await outbox.acknowledge(item.id, answer.number ?? null, new Date(now()).toISOString());
        sent += 1;
        continue;
      }
      const error = new ApiError(answer.status, answer.error ?? {});
      const lacking = ["photos", "voice"].includes(error.field) && item.photos.find((photo) => photo.id === answer.error?.value);
      if (lacking && item.tries < 3) {
        await outbox.photoSent(lacking.id, false);
        await outbox.mark(item.id, { state: "waiting", tries: item.tries + 1 });
        later ??= new ApiError(503, {});
      } else if (passes(error)) {
        await outbox.mark(item.id, { state: "waiting" });
        later ??= error;
      } else await refuse(item, error);
    }
    if (later) throw later;
    return sent;
  }

  /** An answer of the first version of this app goes the way it was made for. @param {Item} item */
  async function move(item) {
    try {
      await api.post(`/cases/${item.case_id}/moves/${item.verb}`, item.body);
      await outbox.acknowledge(item.id, null, new Date(now()).toISOString());
      return 1;
    } catch (error) {
      if (!(error instanceof ApiError) || passes(error)) throw error;
      await refuse(item, error);
      return 0;
    }
  }

  /** @param {Item} item @param {ApiError} error */
  async function refuse(item, { code, message, mend, field, details }) {
    await outbox.mark(item.id, { state: "needs", fault: { code, message, mend, field, details } });
  }

  return { flush };
}

/** Nothing is wrong with the item: no network, a busy server, or a session that ended or changed under our hands. @param {ApiError} error */
const passes = (error) => error.passing || error.status === 401 || (error.status === 403 && error.field === "csrf");

/** Something answered that is not the city: a hotel's sign-in page, a proxy. It is as good as no network. */
const notOurs = () => new ApiError(502, {});

/** @param {Item} item */
function wrap({ id, kind, case_id, task_id, body }) {
  return { kind, id, ...(kind === "join" ? { case_id } : {}), ...(task_id !== undefined ? { task_id } : {}), body };
}

/** @param {Partial<Outcome>} some @returns {Outcome} */
const outcome = (some) => ({ sent: 0, left: 0, signedOut: false, again_at: null, ...some });

/** Page and service worker never send at the same time. @param {() => Promise<Outcome>} work @returns {Promise<Outcome | null>} */
const oneAtATime = (work) =>
  /** @type {Promise<Outcome | null>} */ (navigator.locks.request("gridcity-outbox", { ifAvailable: true }, async (lock) => (lock ? work() : null)));
