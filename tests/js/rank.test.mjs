import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rank } from "../../frontend/src/phone/rank.js";

// made by dispatch/ranking.py (tests/dispatch/test_ranking.py keeps them): phone and city must rank alike
const { table, vectors } = JSON.parse(readFileSync(new URL("../dispatch/data/ranking_vectors.json", import.meta.url)));

/** A moment with this local hour and month in the city. */
const moment = ({ hour, month }) => new Date(Date.UTC(2026, month - 1, 15, hour - 8, 30));

test("the phone ranks as the city does, with the same scores and reasons", () => {
  assert.ok(vectors.length >= 20);
  for (const { features, ranked } of vectors) {
    const near = Object.entries(features.near).map(([class_id, distance_m]) => ({ class_id: Number(class_id), distance_m }))
      .sort((a, b) => a.distance_m - b.distance_m);
    const chips = rank(table, { at: moment(features), cell: features.cell, near });
    assert.deepEqual(chips.map((chip) => [chip.class_id, chip.condition_id, chip.score, chip.why]), ranked, JSON.stringify(features));
  }
});

test("a young city without a table ranks nothing", () => {
  assert.deepEqual(rank({ version: "none", chips: [] }, { at: new Date(), cell: "", near: [] }), []);
});
