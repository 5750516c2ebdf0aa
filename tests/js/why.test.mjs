import assert from "node:assert/strict";
import { test } from "node:test";
import { midnights, places } from "../../frontend/src/lib/why.js";

const at = (iso) => new Date(iso).getTime();

test("pieces lie one after another and fill the line", () => {
  const pieces = [
    { from_at: "2024-05-17T09:00:00Z", to_at: "2024-05-17T10:00:00Z" },
    { from_at: "2024-05-17T10:00:00Z", to_at: "2024-05-17T13:00:00Z" },
  ];
  const found = places(pieces, at("2024-05-17T09:00:00Z"), at("2024-05-17T13:00:00Z"));
  assert.deepEqual(found, [{ x: 0, width: 250 }, { x: 250, width: 750 }]);
});

test("what is very short is still seen", () => {
  const [piece] = places([{ from_at: "2024-05-17T09:00:00Z", to_at: "2024-05-17T09:00:01Z" }], at("2024-05-17T09:00:00Z"), at("2025-05-17T09:00:00Z"));
  assert.equal(piece.width, 1.5);
});

test("ticks stand at the city's midnights", () => {
  const found = midnights(at("2024-05-17T09:00:00Z"), at("2024-05-20T03:00:00Z"));
  assert.deepEqual(found.map((ms) => new Date(ms).toISOString()), ["2024-05-17T16:00:00.000Z", "2024-05-18T16:00:00.000Z", "2024-05-19T16:00:00.000Z"]);
  assert.equal(midnights(at("2024-01-01T00:00:00Z"), at("2024-12-31T00:00:00Z")).length <= 12, true);
});
