/**
 * What the phone keeps: one IndexedDB, written in transactions that are done only when they are on disk.
 *
 * items   reports and answers, under the id their maker gave them; `sealed` holds all that is private
 * photos  their photographs, sealed, each under its own id, with the item it belongs to
 * kept    by name: the key, the pack, drafts of the shift, when to try again
 *
 * Where the browser keeps nothing for us (a private window, storage denied) a store in memory takes its place, and
 * says so by `lasting: false`.
 */

/** @typedef {"items" | "photos" | "kept"} Shelf */
/** @typedef {{ shelf: Shelf, put?: any, under?: string, drop?: string }} Change one thing put or dropped */
/**
 * @typedef {object} Store
 * @property {boolean} lasting
 * @property {(shelf: Shelf, id: string) => Promise<any>} get
 * @property {(shelf: Shelf) => Promise<any[]>} all
 * @property {(changes: Change[]) => Promise<void>} write all of them or none
 */

const NAME = "gridcity-outbox";
const VERSION = 2;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const result = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const db = request.result;
      // version 1 had `items` only, each whole and in the clear: outbox.js seals what it finds so
      if (!db.objectStoreNames.contains("items")) db.createObjectStore("items", { keyPath: "id" });
      db.createObjectStore("photos", { keyPath: "id" });
      db.createObjectStore("kept");
    };
    request.onerror = () => fail(request.error);
    request.onsuccess = () => {
      // a newer page must not wait for an older one that lies open in another tab
      request.result.onversionchange = () => request.result.close();
      done(request.result);
    };
  });
}

/** @returns {Promise<Store>} */
export async function openStore() {
  let db;
  try {
    db = await open();
  } catch {
    return memoryStore();
  }
  return {
    lasting: true,
    get: (shelf, id) => result(db.transaction(shelf).objectStore(shelf).get(id)),
    all: (shelf) => result(db.transaction(shelf).objectStore(shelf).getAll()),
    write: (changes) => new Promise((done, fail) => {
      const transaction = db.transaction([...new Set(changes.map((change) => change.shelf))], "readwrite", { durability: "strict" });
      transaction.oncomplete = () => done();
      transaction.onabort = () => fail(transaction.error ?? new DOMException("aborted", "AbortError"));
      for (const { shelf, put, under, drop } of changes) {
        const store = transaction.objectStore(shelf);
        if (drop !== undefined) store.delete(drop);
        else store.put(put, under);
      }
    }),
  };
}

/** @returns {Store} */
export function memoryStore() {
  const shelves = { items: new Map(), photos: new Map(), kept: new Map() };
  return {
    lasting: false,
    get: async (shelf, id) => shelves[shelf].get(id),
    all: async (shelf) => [...shelves[shelf].values()],
    write: async (changes) => changes.forEach(({ shelf, put, under, drop }) =>
      drop !== undefined ? shelves[shelf].delete(drop) : shelves[shelf].set(under ?? put.id, put)),
  };
}
