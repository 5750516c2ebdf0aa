import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { useMessages } from "../../frontend/src/lib/i18n.js";
import { ago, both, clockOf, dayOf, length, moment, timeLeft } from "../../frontend/src/lib/time.js";

afterEach(() => useMessages({}, "en"));
const at = (iso) => new Date(iso);
const now = at("2026-11-22T06:17:00Z"); // 14:17 in Shanghai

test("the day and hour are the city's, not the browser's", () => {
  assert.equal(dayOf(at("2026-11-21T16:30:00Z")), "2026-11-22");
  assert.equal(clockOf(at("2026-11-21T16:30:00Z")), "00:30");
});

test("near days have names, far ones a date", () => {
  assert.equal(moment(at("2026-11-22T06:05:00Z"), now), "today 14:05");
  assert.equal(moment(at("2026-11-21T06:05:00Z"), now), "yesterday 14:05");
  assert.equal(moment(at("2026-11-23T01:00:00Z"), now), "tomorrow 09:00");
  assert.equal(moment(at("2026-11-03T06:05:00Z"), now), "3 Nov 14:05");
  assert.equal(moment(at("2025-11-03T06:05:00Z"), now), "3 Nov 2025 14:05");
});

test("both ways at once", () => {
  assert.equal(both("2026-11-22T06:05:00Z", now), "today 14:05 · 12 min ago");
  assert.equal(both("2026-11-23T06:05:00Z", now), "tomorrow 14:05");
  assert.equal(both(null, now), "–");
});

test("lengths in two useful units", () => {
  assert.equal(length(20_000), "under 1 min");
  assert.equal(length(61 * 60_000), "1 h 1 min");
  assert.equal(length(11.5 * 3_600_000), "11 h");
  assert.equal(length(28 * 3_600_000), "1 d 4 h");
  assert.equal(length(12.5 * 24 * 3_600_000), "12 d");
  assert.equal(ago(now, now), "just now");
});

const card = (more) => ({ state: "filed", clock: "dispatching", clock_started_at: "2026-11-22T06:00:00Z", due_at: "2026-11-22T07:00:00Z", paused: false, ...more });

test("the last fifth of the time is soon", () => {
  assert.equal(timeLeft(card(), at("2026-11-22T06:47:59Z")).state, "in_time");
  assert.equal(timeLeft(card(), at("2026-11-22T06:48:00Z")).state, "soon");
  assert.equal(timeLeft(card(), at("2026-11-22T07:00:00Z")).state, "soon");
  assert.equal(timeLeft(card(), at("2026-11-22T07:00:01Z")).state, "overdue");
});

test("every state has a word", () => {
  assert.equal(timeLeft(card(), at("2026-11-22T06:10:00Z")).word, "50 min left");
  assert.equal(timeLeft(card(), at("2026-11-22T09:00:00Z")).word, "2 h over");
  assert.equal(timeLeft(card({ paused: true }), now).word, "clock paused");
  assert.equal(timeLeft(card({ state: "closed" }), now).word, "closed");
  assert.equal(timeLeft(card({ due_at: null }), now).word, "no clock");
});

test("Chinese comes from the catalogue", () => {
  useMessages({ "today {time}": ["今天 {time}"], "{length} ago": ["{length}前"], "{n} min": ["{n} 分钟"] }, "zh-hans");
  assert.equal(both("2026-11-22T06:05:00Z", now), "今天 14:05 · 12 分钟前");
});
