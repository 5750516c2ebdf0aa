/**
 * The inspector's outbox: a report is one record – id, form and photos – written in one IndexedDB transaction
 * before anything is called sent. Nothing is ever deleted by a failed send.
 *
 * waiting   not sent yet, will be tried by itself
 * sending   being sent now (after a crash: waiting again)
 * sent      the server has it; `number` is its case number
 * needs     the server said no; `fault` says why; stays until the inspector mends or discards it
 */
import { ApiError } from "./api.js";

/** @typedef {{ id: string, kind: string, blob: Blob }} OutboxPhoto */
/**
 * @typedef {{ id: string, task: "report" | "answer", path: string, form: Record<string, any>, photos: OutboxPhoto[], title: string,
 *   state: "waiting" | "sending" | "sent" | "needs", saved_at: string, sent_at?: string, number?: string,
 *   fault?: { code: string, message: string, mend: string, field: string } }} OutboxItem
 */

const NAME = "gridcity-outbox";
const KEEP_SENT = 20;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const result = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("items", { keyPath: "id" });
  return result(request);
}

/** @param {{ api: import("./api.js").Api, onchange: (items: OutboxItem[]) => void }} deps */
export async function createOutbox({ api, onchange }) {
  const db = await open();

  /** One transaction that is done only when it is on disk. @param {(store: IDBObjectStore) => void} work @returns {Promise<void>} */
  const write = (work) => new Promise((done, fail) => {
    const transaction = db.transaction("items", "readwrite", { durability: "strict" });
    transaction.oncomplete = () => done();
    transaction.onabort = () => fail(transaction.error);
    work(transaction.objectStore("items"));
  });

  /** @returns {Promise<OutboxItem[]>} */
  async function items() {
    const all = await result(db.transaction("items").objectStore("items").getAll());
    return all.sort((a, b) => b.saved_at.localeCompare(a.saved_at));
  }

  const changed = async () => onchange(await items());

  /** @param {OutboxItem} item */
  async function sendOne(item) {
    await put({ ...item, state: "sending" });
    try {
      for (const photo of item.photos) await api.photo(photo.id, photo.blob, photo.kind);
      const answer = /** @type {CaseOut} */ (await api.post(item.path, item.form));
      await put({ ...item, state: "sent", number: answer.number, sent_at: new Date().toISOString(), photos: [] });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (item.task === "answer" && error.status === 409 && (await alreadyAnswered(item))) {
        await put({ ...item, state: "sent", sent_at: new Date().toISOString(), photos: [] });
        return true;
      }
      // A lost session is not the report's fault: it waits until somebody has signed in again.
      const waits = error.passing || error.status === 401;
      const fault = { code: error.code, message: error.message, mend: error.mend, field: error.field };
      await put({ ...item, state: waits ? "waiting" : "needs", fault: waits ? undefined : fault });
      return !waits;
    }
  }

  /** Was our own answer stored though the word of it got lost? Its photos in the case say so. @param {OutboxItem} item */
  async function alreadyAnswered(item) {
    const found = /** @type {CaseOut | null} */ (await api.get(item.path.replace(/\/moves\/.*$/, "")).catch(() => null));
    const ours = new Set(item.photos.map((photo) => photo.id));
    return found !== null && found.photos.some((photo) => ours.has(photo.id));
  }

  /** @param {OutboxItem} item */
  async function put(item) {
    await write((store) => store.put(item));
    await changed();
  }

  /** Sends what waits, oldest first; one tab at a time; stops at the first sign that the link is down. */
  async function flush() {
    await navigator.locks.request(NAME, { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      const waiting = (await items()).filter((item) => item.state === "waiting" || item.state === "sending").reverse();
      for (const item of waiting) if (!(await sendOne(item))) break;
      await forgetOldSent();
    });
  }

  async function forgetOldSent() {
    const old = (await items()).filter((item) => item.state === "sent").slice(KEEP_SENT);
    if (old.length) await write((store) => old.forEach((item) => store.delete(item.id)));
  }

  const soon = () => void flush();
  addEventListener("online", soon);
  addEventListener("focus", soon);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && soon());
  setInterval(soon, 30_000);
  await changed();
  soon();

  return {
    items,
    flush,
    /** @param {Omit<OutboxItem, "state" | "saved_at">} item */
    async add(item) {
      await put({ ...item, state: "waiting", saved_at: new Date().toISOString() });
      soon();
    },
    /** After mending: the same id, sent again. @param {OutboxItem} item */
    async again(item) {
      await put({ ...item, state: "waiting", fault: undefined });
      soon();
    },
    /** Only the inspector's own hand deletes. @param {string} id */
    async discard(id) {
      await write((store) => store.delete(id));
      await changed();
    },
  };
}
