/**
 * The pack: all that the phone needs to know without a network, fetched as one, kept sealed as one. What the server
 * has not changed is not sent again.
 */
import { ApiError } from "../lib/api.js";

const PARTS = /** @type {const} */ (["ground", "classes", "ranking"]);

/** @typedef {{ pack: Pack, bytes: number, fetched_at: string, checked_at: string, etag: string }} KeptPack */

/**
 * @param {{ outbox: import("./outbox.js").Outbox, seals: import("./seal.js").Sealer, base?: string, fetcher?: typeof fetch, now?: () => Date }} deps
 */
export function packs({ outbox, seals, base = "/api/v1", fetcher = (input, init) => fetch(input, init), now = () => new Date() }) {
  /** @type {KeptPack | null} */
  let kept = null;

  /** In use at once; on the phone's disk with the next task, so that the screen need not wait for the seal. @param {KeptPack} next */
  async function keep(next) {
    kept = next;
    await new Promise((done) => setTimeout(done));
    if (kept === next) await outbox.keep("pack", await seals.sealValue("pack", next));
  }

  /** The pack that lies on the phone; null before the first visit. @returns {Promise<KeptPack | null>} */
  async function load() {
    if (kept) return kept;
    const sealed = await outbox.kept("pack");
    return sealed ? (kept = await seals.openValue("pack", sealed)) : null;
  }

  /** Asks the server for a newer one. @returns {Promise<KeptPack>} */
  async function renew() {
    const old = await load();
    const have = old ? PARTS.map((part) => `${part}:${old.pack[part].version}`).join(",") : "";
    let response;
    try {
      response = await fetcher(`${base}/phone/pack${have ? `?have=${encodeURIComponent(have)}` : ""}`, {
        credentials: "same-origin", headers: { Accept: "application/json", ...(old?.etag ? { "If-None-Match": old.etag } : {}) },
      });
    } catch {
      throw new ApiError(0, { code: "offline" });
    }
    if (response.status === 304 && old) {
      const next = { ...old, checked_at: now().toISOString() };
      void keep(next).catch(() => {});
      return next;
    }
    const text = await response.text();
    if (!response.ok) throw new ApiError(response.status, readable(text)?.error ?? {});
    const fresh = /** @type {any} */ (JSON.parse(text));
    for (const part of PARTS) {
      const bare = Object.keys(fresh[part]).length === 1;
      if (bare && old) fresh[part] = old.pack[part];
    }
    const at = now().toISOString();
    const bytes = text.length + PARTS.filter((part) => old && fresh[part] === old.pack[part]).reduce((sum, part) => sum + JSON.stringify(fresh[part]).length, 0);
    const next = { pack: fresh, bytes, fetched_at: at, checked_at: at, etag: response.headers.get("ETag") ?? "" };
    void keep(next).catch(() => {});
    return next;
  }

  return {
    load,
    renew,
    async forget() {
      kept = null;
      await outbox.keep("pack", null);
    },
  };
}

/** @param {string} text */
function readable(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
