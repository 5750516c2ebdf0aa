/**
 * The live feed of one stream: every entry this reader may see, once, in order, from its cursor on.
 *
 * listeners are called with
 *   entries(items)   in order, without loss
 *   reset()          the cursor is no longer known: load the snapshot again, then call `restart(head)`
 *   other(message)   anything else the server tells, such as who has which case open
 *   link(state)      { live, since, last } — since: when the link was lost; last: time of the last word from the server
 */
import { backoff, judge } from "./sequence.js";

const SILENCE = 20_000;

/** @typedef {{ live: boolean, refused: boolean, since: Date | null, last: Date | null }} LinkState */
/** @typedef {{ entries: (items: Entry[]) => void, reset: () => void, link: (state: LinkState) => void, other?: (message: any) => void }} Listeners */

/**
 * @param {{ stream: string, cursor: number, listeners: Listeners, open?: (url: string) => WebSocket }} options
 */
export function follow({ stream, cursor, listeners, open = (url) => new WebSocket(url) }) {
  /** @type {WebSocket | null} */
  let socket = null;
  let attempt = 0;
  let stopped = false;
  /** @type {LinkState} */
  let state = { live: false, refused: false, since: null, last: null };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  /** @param {Partial<LinkState>} change */
  function tell(change) {
    state = { ...state, ...change };
    listeners.link(state);
  }

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => drop(), SILENCE);
    attempt = 0;
    tell({ live: true, since: null, last: new Date() });
  }

  function connect() {
    clearTimeout(retry);
    quiet();
    if (stopped) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = open(`${scheme}://${location.host}/ws/journal?stream=${encodeURIComponent(stream)}&cursor=${cursor}`);
    socket = mine;
    silence = setTimeout(() => drop(), SILENCE);
    mine.onmessage = (event) => mine === socket && receive(JSON.parse(event.data));
    mine.onclose = (event) => mine === socket && lost(event.code);
  }

  /** @param {LiveMessage} message */
  function receive(message) {
    heard();
    const behind = "head" in message && message.head < cursor;
    if (message.type === "reset" || behind) restartFromScratch();
    if (message.type !== "entries") return void listeners.other?.(message);
    const verdict = judge(cursor, message);
    if (verdict === "gap") drop();
    if (verdict !== "apply") return;
    const fresh = message.items.filter((entry) => entry.seq > cursor);
    cursor = message.upto;
    listeners.entries(fresh);
  }

  function restartFromScratch() {
    quiet();
    listeners.reset();
  }

  /** Leave the socket without listening to its last words. */
  function quiet() {
    clearTimeout(silence);
    const old = socket;
    socket = null;
    old?.close();
  }

  function drop() {
    quiet();
    lost(1006);
  }

  /** @param {number} code */
  function lost(code) {
    clearTimeout(silence);
    const refused = code === 4401 || code === 4403;
    tell({ live: false, refused, since: state.since ?? state.last ?? new Date() });
    if (refused || stopped) return;
    retry = setTimeout(connect, backoff(attempt));
    attempt += 1;
  }

  const wake = () => document.visibilityState === "visible" && !state.live && !state.refused && connect();
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  connect();

  return {
    cursor: () => cursor,
    /** After a new snapshot. @param {number} head */
    restart(head) {
      cursor = head;
      attempt = 0;
      quiet();
      connect();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      quiet();
      removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
    },
  };
}
