/** Requests to /api/v1: CSRF, one error shape, and repeats only where a repeat is harmless. */
import { t } from "./i18n.js";

/** A refusal with a sentence for the reader, and what she can do about it. */
export class ApiError extends Error {
  /**
   * @param {number} status @param {{ code?: string, message?: string, field?: string, mend?: string, details?: any }} body
   * @param {number | null} [retryAfter] seconds to stay away, where the server said so
   */
  constructor(status, body, retryAfter = null) {
    super(body.message || t("The server could not answer ({status}).", { status }));
    this.status = status;
    this.code = body.code ?? "unknown";
    this.field = body.field ?? "";
    this.mend = body.mend ?? "";
    this.details = body.details;
    this.retryAfter = retryAfter ?? body.details?.retry_after ?? null;
  }

  /** May the same request succeed later, unchanged? */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {string | null | undefined} header */
const seconds = (header) => (header && Number(header) >= 0 ? Number(header) : null);

/**
 * @param {{ csrf: string, base?: string, fetcher?: typeof fetch, onSignedOut?: () => void, renews?: boolean }} options
 * renews   take a fresh token where ours is of a session before, and go on: not for those who care whose session it is
 */
export function createApi({ csrf, base = "/api/v1", fetcher = (input, init) => fetch(input, init), onSignedOut, renews = true }) {
  let token = csrf;

  /**
   * @param {string} method @param {string} path @param {{ json?: unknown, body?: BodyInit, type?: string, signal?: AbortSignal, repeats?: number }} [options]
   */
  async function once(method, path, { json, body, type, signal } = {}) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = token;
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (type) headers["Content-Type"] = type;
    let response;
    try {
      response = await fetcher(base + path, {
        method, headers, signal, credentials: "same-origin", body: json === undefined ? body : JSON.stringify(json),
      });
    } catch (failure) {
      if (signal?.aborted) throw failure;
      throw new ApiError(0, {
        code: "offline", message: t("No connection to the server."), mend: t("It will be tried again when the connection is back."),
      });
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401 && onSignedOut) onSignedOut();
    throw new ApiError(response.status, answer.error ?? {}, seconds(response.headers?.get("Retry-After")));
  }

  /** @param {string} method @param {string} path @param {Parameters<typeof once>[2]} [options] */
  async function send(method, path, options = {}) {
    let left = options.repeats ?? (method === "GET" ? 1 : 0);
    let renewed = !renews;
    for (;;) {
      try {
        return await once(method, path, options);
      } catch (error) {
        if (error instanceof ApiError && error.status === 403 && error.field === "csrf" && !renewed) {
          renewed = true;
          token = /** @type {{ csrf: string }} */ (await once("GET", "/session")).csrf;
          continue;
        }
        if (!(error instanceof ApiError) || !error.passing || error.status === 429 || left === 0) throw error;
        left -= 1;
        await new Promise((done) => setTimeout(done, 400));
      }
    }
  }

  return {
    base,
    /** @template T @param {string} path @param {Record<string, string | number | undefined | null>} [query] @param {AbortSignal} [signal] @returns {Promise<T>} */
    get(path, query = {}, signal = undefined) {
      const search = new URLSearchParams();
      for (const [key, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
      }
      return send("GET", search.size ? `${path}?${search}` : path, { signal });
    },
    /** @template T @param {string} path @param {unknown} [json] @returns {Promise<T>} */
    post: (path, json = {}) => send("POST", path, { json }),
    /** @template T @param {string} path @param {unknown} json @returns {Promise<T>} */
    patch: (path, json) => send("PATCH", path, { json }),
    /** @param {string} path */
    remove: (path) => send("DELETE", path),
    /** The token of a session that has begun since. @param {string} fresh */
    renew: (fresh) => {
      token = fresh;
    },
    /** Bytes as they are. @template T @param {string} path @param {Blob} blob @returns {Promise<T>} */
    put: (path, blob) => send("PUT", path, { body: blob, type: blob.type || "application/octet-stream", repeats: 1 }),
    /** @template T @param {string} path @param {unknown} json @returns {Promise<T>} */
    putJson: (path, json) => send("PUT", path, { json, repeats: 1 }),
    /** A photo under its own id: the same bytes again are harmless. @param {string} id @param {Blob} blob @param {string} kind @returns {Promise<PhotoOut>} */
    photo: (id, blob, kind) =>
      send("PUT", `/photos/${id}?kind=${kind}`, { body: blob, type: blob.type || "image/jpeg", repeats: 1 }),
    /** @param {string} id @param {"thumb" | "full"} size */
    photoUrl: (id, size) => `${base}/photos/${id}/${size}`,
    /** @param {string} id */
    voiceUrl: (id) => `${base}/voices/${id}`,
  };
}
