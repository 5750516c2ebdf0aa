/**
 * Sealing what the phone keeps: AES-GCM under a key that the browser made and gives to nobody, not even to us.
 * Each seal is bound to the id it was made for.
 */

/** @typedef {{ iv: Uint8Array<ArrayBuffer>, data: ArrayBuffer }} Sealed */
/** @typedef {ReturnType<typeof sealer>} Sealer */

const KEY = "key";

/** The phone's own key, made at first use. @param {import("./store.js").Store} store @returns {Promise<CryptoKey>} */
export const keyOf = (store) => navigator.locks.request("gridcity-key", async () => {
  const known = await store.get("kept", KEY);
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await store.write([{ shelf: "kept", put: made, under: KEY }]);
  return made;
});

/** @param {CryptoKey} key */
export function sealer(key) {
  /** @param {string} id */
  const bound = (id) => new TextEncoder().encode(id);
  /** @param {string} id @param {BufferSource} bytes @returns {Promise<Sealed>} */
  const seal = async (id, bytes) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(id) }, key, bytes) };
  };
  /** @param {string} id @param {Sealed} sealed */
  const open = (id, { iv, data }) => crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bound(id) }, key, data);
  return {
    seal,
    open,
    /** @param {string} id @param {unknown} value */
    sealValue: (id, value) => seal(id, new TextEncoder().encode(JSON.stringify(value))),
    /** @param {string} id @param {Sealed} sealed */
    openValue: async (id, sealed) => JSON.parse(new TextDecoder().decode(await open(id, sealed))),
  };
}
