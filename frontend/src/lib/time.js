/** Times as the city reads them: Asia/Shanghai, both as an hour and as a distance from now. Pure. */
import { isChinese, t, tn } from "./i18n.js";

const ZONE = "Asia/Shanghai";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {Date} at @returns {Record<string, string>} */
function parts(at) {
  const formatter = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  return Object.fromEntries(formatter.formatToParts(at).map((part) => [part.type, part.value]));
}

/** 2026-11-22, the day in the city. @param {Date} at */
export function dayOf(at) {
  const { year, month, day } = parts(at);
  return `${year}-${month}-${day}`;
}

/** 14:05. @param {Date} at */
export function clockOf(at) {
  const { hour, minute } = parts(at);
  return `${hour}:${minute}`;
}

/** 14:05:09. @param {Date} at */
export const secondsOf = (at) => `${clockOf(at)}:${parts(at).second}`;

/** "today 14:05", "yesterday 09:10", "3 Nov 14:05". @param {Date} at @param {Date} now */
export function moment(at, now) {
  const day = dayOf(at);
  if (day === dayOf(now)) return t("today {time}", { time: clockOf(at) });
  if (day === dayOf(new Date(now.getTime() - DAY))) return t("yesterday {time}", { time: clockOf(at) });
  if (day === dayOf(new Date(now.getTime() + DAY))) return t("tomorrow {time}", { time: clockOf(at) });
  const date = new Intl.DateTimeFormat(isChinese() ? "zh-CN" : "en-GB", {
    timeZone: ZONE, month: isChinese() ? "long" : "short", day: "numeric",
    year: day.slice(0, 4) === dayOf(now).slice(0, 4) ? undefined : "numeric",
  }).format(at);
  return `${date} ${clockOf(at)}`;
}

/** How long, in the two largest useful units: "3 h", "1 d 4 h", "12 min". @param {number} ms */
export function length(ms) {
  const whole = Math.max(0, ms);
  if (whole < MINUTE) return t("under 1 min");
  if (whole < HOUR) return tn("{n} min", "{n} min", Math.floor(whole / MINUTE));
  const hours = Math.floor(whole / HOUR);
  if (hours < 24) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    const text = tn("{n} h", "{n} h", hours);
    return hours < 10 && minutes ? `${text} ${tn("{n} min", "{n} min", minutes)}` : text;
  }
  const days = Math.floor(hours / 24);
  const text = tn("{n} d", "{n} d", days);
  return days < 10 && hours % 24 ? `${text} ${tn("{n} h", "{n} h", hours % 24)}` : text;
}

/** "12 min ago". @param {Date} at @param {Date} now */
export function ago(at, now) {
  const ms = now.getTime() - at.getTime();
  if (ms < MINUTE) return t("just now");
  return t("{length} ago", { length: length(ms) });
}

/** "today 14:05 · 12 min ago". @param {string | null | undefined} iso @param {Date} [now] */
export function both(iso, now = new Date()) {
  if (!iso) return "–";
  const at = new Date(iso);
  return at > now ? moment(at, now) : `${moment(at, now)} · ${ago(at, now)}`;
}

/**
 * What a clock says now.
 *
 * state  in_time · soon (the last fifth of the time) · overdue · paused · done · none
 * share  of the time gone, 0…1, for the ring
 * word   never missing: the state is not told by colour alone
 * @param {{ due_at: string | null, clock: string | null, clock_started_at: string | null, paused: boolean, state: string }} card
 * @param {Date} now
 */
export function timeLeft(card, now) {
  if (["closed", "force_closed"].includes(card.state)) return { state: "done", share: 1, word: t("closed") };
  if (card.paused) return { state: "paused", share: 0, word: t("clock paused") };
  if (!card.due_at || !card.clock) return { state: "none", share: 0, word: t("no clock") };
  const due = new Date(card.due_at).getTime();
  const left = due - now.getTime();
  if (left < 0) return { state: "overdue", share: 1, word: t("{length} over", { length: length(-left) }) };
  const started = new Date(card.clock_started_at ?? card.due_at).getTime();
  const share = due > started ? Math.min(1, Math.max(0, (now.getTime() - started) / (due - started))) : 1;
  const words = t("{length} left", { length: length(left) });
  return share >= 0.8 ? { state: "soon", share, word: `${t("due soon")} · ${words}` } : { state: "in_time", share, word: words };
}
