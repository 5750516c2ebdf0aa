import assert from "node:assert/strict";
import { test } from "node:test";
import { squaresOf, stepOf } from "../../frontend/src/map/heat.js";

const now = new Date("2026-11-22T12:00:00Z");

test("clusters and single cases of one square are one heap of work", () => {
  const squares = squaresOf({
    side: 0.1, clusters: [{ lon: 116.41, lat: 39.91, count: 5, overdue: 2 }],
    items: [{ lon: 116.45, lat: 39.95, due_at: "2026-11-22T11:00:00Z" }, { lon: 116.55, lat: 39.95, due_at: "2026-11-22T13:00:00Z" }],
  }, now);
  assert.deepEqual([...squares.values()].map(({ count, overdue }) => [count, overdue]), [[6, 3], [1, 0]]);
});

test("the ramp runs from little to most, and from in time to overdue", () => {
  assert.deepEqual([1, 25, 50, 100].map((count) => stepOf("work", { count, overdue: 0 }, 100)), [0, 2, 3, 4]);
  assert.deepEqual([0, 1, 5].map((overdue) => stepOf("time", { count: 5, overdue }, 9)), [0, 1, 4]);
});
