/**
 * The outbox: what the inspector made, until the server has it. Used by the page and by the service worker.
 *
 * draft     in her hands; survives a closed page
 * waiting   will be sent by itself
 * sending   being sent now (after a crash: the same as waiting)
 * sent      the server has it; `number` is its case number; photographs and form are gone from the phone
 * needs     the server said no; `fault` says why; stays until she mends or discards it
 *
 * Form, photographs, position and time of an item are written in one transaction. Nothing but her own hand deletes an
 * item that was not acknowledged.
 */

/** @typedef {{ id: string, kind: string, blob: Blob, meta?: PhotoMeta }} NewPhoto a photograph, or a voice note, about to be kept */
/** @typedef {{ source?: "camera" | "gallery" | "unknown", original_sha256?: string, lon?: number, lat?: number, taken_at?: string, seconds?: number }} PhotoMeta */
/** @typedef {{ id: string, kind: string, type: string, size: number, sha256: string, meta: PhotoMeta }} KeptPhoto */
/** @typedef {{ code: string, message: string, mend: string, field: string, details?: any }} Fault */
/**
 * What is sealed: what to send, and what to show of it.
 * @typedef {{ kind: "report" | "self_handled" | "join" | "answer" | "count", title: string, body: Record<string, any>, photos: KeptPhoto[],
 *   case_id?: string, task_id?: number, verb?: string, fault?: Fault, number?: string }} Content
 */
/** @typedef {"draft" | "waiting" | "sending" | "sent" | "needs"} ItemState */
/** @typedef {{ id: string, person: number, state: ItemState, saved_at: string, sent_at?: string, hold_until?: number, tries: number }} Row */
/** @typedef {Row & Content} Item */
/** @typedef {{ id: string, item: string, sent: boolean, sealed: import("./seal.js").Sealed, type: string }} PhotoRow */
/** @typedef {Awaited<ReturnType<typeof openOutbox>>} Outbox */

const KEEP_SENT = 20;

/** @param {ArrayBuffer} bytes */
export const sha256 = async (bytes) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * @param {{ store: import("./store.js").Store, seals: import("./seal.js").Sealer, onchange?: () => void,
 *   others?: Pick<BroadcastChannel, "postMessage" | "onmessage"> }} deps
 * onchange   called after every write, in whichever context it happened
 * others     the page and the service worker tell each other of their writes
 */
export async function openOutbox({ store, seals, onchange = () => {}, others = new BroadcastChannel("gridcity-outbox") }) {
  others.onmessage = () => onchange();

  /** @param {import("./store.js").Change[]} changes */
  async function write(changes) {
    await store.write(changes);
    others.postMessage("changed");
    onchange();
  }

  /** @param {Row & { sealed: import("./seal.js").Sealed }} row @returns {Promise<Item>} */
  async function opened({ sealed, ...row }) {
    return { ...row, ...(await seals.openValue(row.id, sealed)) };
  }

  /** @param {Item} item */
  async function rowOf(item) {
    const { id, person, state, saved_at, sent_at, hold_until, tries, ...content } = item;
    return { id, person, state, saved_at, sent_at, hold_until, tries, sealed: await seals.sealValue(id, content) };
  }

  /** All items, the latest first. @returns {Promise<Item[]>} */
  async function items() {
    const rows = (await store.all("items")).filter((row) => row.sealed);
    const all = await Promise.all(rows.map(opened));
    return all.sort((a, b) => b.saved_at.localeCompare(a.saved_at) || b.id.localeCompare(a.id));
  }

  /** @param {string} id @returns {Promise<Item | null>} */
  async function item(id) {
    const row = await store.get("items", id);
    return row?.sealed ? opened(row) : null;
  }

  /** An item with its photographs, new or changed, in one transaction. @param {Omit<Item, "photos" | "tries">} made @param {NewPhoto[]} photos */
  async function save(made, photos) {
    const before = await item(made.id);
    const kept = await Promise.all(photos.map(async ({ id, kind, blob, meta = {} }) => {
      const bytes = await blob.arrayBuffer();
      const known = before?.photos.find((photo) => photo.id === id);
      return {
        row: { id, item: made.id, sent: false, type: blob.type, sealed: await seals.seal(id, bytes) },
        photo: { id, kind, type: blob.type, size: blob.size, sha256: known?.sha256 ?? await sha256(bytes), meta },
      };
    }));
    const gone = (before?.photos ?? []).filter((old) => !photos.some((photo) => photo.id === old.id));
    await write([
      { shelf: "items", put: await rowOf({ ...made, tries: 0, photos: kept.map(({ photo }) => photo) }) },
      ...kept.map(({ row }) => ({ shelf: /** @type {const} */ ("photos"), put: row })),
      ...gone.map(({ id }) => ({ shelf: /** @type {const} */ ("photos"), drop: id })),
    ]);
  }

  /** @param {string} id @param {Partial<Item>} changes */
  async function mark(id, changes) {
    const before = await item(id);
    if (before) await write([{ shelf: "items", put: await rowOf({ ...before, ...changes }) }]);
  }

  /** The server has it: what was private leaves the phone. @param {string} id @param {string | null} number @param {string} at */
  async function acknowledge(id, number, at) {
    const before = await item(id);
    if (!before) return;
    const { person, saved_at, kind, title, photos } = before;
    const rest = { id, person, saved_at, kind, title, state: /** @type {const} */ ("sent"), sent_at: at, number: number ?? undefined, tries: 0, body: {}, photos: [] };
    await write([
      { shelf: "items", put: await rowOf(rest) },
      ...photos.map((photo) => ({ shelf: /** @type {const} */ ("photos"), drop: photo.id })),
    ]);
  }

  /** @param {string} id @returns {Promise<Blob | null>} */
  async function photo(id) {
    const row = /** @type {PhotoRow | undefined} */ (await store.get("photos", id));
    return row ? new Blob([await seals.open(id, row.sealed)], { type: row.type }) : null;
  }

  /** @param {string} id @param {boolean} sent */
  async function photoSent(id, sent) {
    const row = await store.get("photos", id);
    if (row) await store.write([{ shelf: "photos", put: { ...row, sent } }]);
  }

  /** Only her own hand discards. @param {string} id */
  async function discard(id) {
    const before = await item(id);
    await write([
      { shelf: "items", drop: id },
      ...(before?.photos ?? []).map((photo) => ({ shelf: /** @type {const} */ ("photos"), drop: photo.id })),
    ]);
  }

  async function forgetOldSent() {
    const old = (await items()).filter((one) => one.state === "sent").slice(KEEP_SENT);
    if (old.length) await write(old.map(({ id }) => ({ shelf: "items", drop: id })));
  }

  /** Items that the first version of this app kept in the clear are sealed, and waiting again. @param {number} person */
  async function takeOver(person) {
    for (const old of (await store.all("items")).filter((row) => !row.sealed)) {
      if (old.state === "sent") {
        await store.write([{ shelf: "items", drop: old.id }]);
        continue;
      }
      const [, case_id, verb] = /^\/cases\/([^/]+)\/moves\/(.*)$/.exec(old.path) ?? [];
      await save({
        id: old.id, person, saved_at: old.saved_at, state: old.state === "needs" ? "needs" : "waiting", title: old.title,
        kind: old.task === "report" ? "report" : "answer", body: old.form, case_id, verb, fault: old.fault,
      }, old.photos);
    }
  }

  return {
    store, items, item, save, mark, acknowledge, photo, photoSent, discard, forgetOldSent, takeOver,
    /** @param {string} id */
    isPhotoSent: async (id) => Boolean((await store.get("photos", id))?.sent),
    /** @param {string} name */
    kept: (name) => store.get("kept", name),
    /** @param {string} name @param {unknown} value */
    keep: (name, value) => store.write([{ shelf: "kept", put: value, under: name }]),
  };
}
