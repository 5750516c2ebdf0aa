import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, componentsNear, inRing, ownBox } from "../../frontend/src/phone/ground.js";
import { worth } from "../../frontend/src/phone/patrol.js";
import { sourceOf } from "../../frontend/src/phone/pictures.js";
import { judge } from "../../frontend/src/phone/space.js";

// two cells side by side, 1000 units wide; a lamp in each
const ground = {
  version: "1", origin: [116.41, 39.92], unit: 1e-6, truncated: false, base: [],
  cells: [
    { code: "a", own: true, shape: [0, 0, 1000, 0, 1000, 1000, 0, 1000, 0, 0] },
    { code: "b", own: false, shape: [1000, 0, 2000, 0, 2000, 1000, 1000, 1000, 1000, 0] },
  ],
  components: [["lamp-1", 7, 500, 500, "W"], ["lamp-2", 7, 1500, 500, "W"], ["bin", 8, 520, 500, "S"]],
};
const at = (x, y) => ({ lon: 116.41 + x * 1e-6, lat: 39.92 + y * 1e-6 });

test("a place lies in its cell, and in one only", () => {
  assert.equal(cellAt(ground, at(500, 500)).code, "a");
  assert.equal(cellAt(ground, at(1500, 10)).code, "b");
  assert.equal(cellAt(ground, at(2500, 500)), null);
  for (let x = 0.5; x < 2000; x += 37) assert.equal(ground.cells.filter((cell) => inRing(cell.shape, x, 500)).length, 1);
});

test("a ring with a bay does not hold what lies in the bay", () => {
  const bay = [0, 0, 10, 0, 10, 10, 6, 10, 6, 4, 4, 4, 4, 10, 0, 10, 0, 0];
  assert.equal(inRing(bay, 5, 8), false);
  assert.equal(inRing(bay, 5, 2), true);
});

test("what stands near comes nearest first, as far as asked", () => {
  const near = componentsNear(ground, at(518, 500), 60);
  assert.deepEqual(near.map((one) => one.code), ["bin", "lamp-1"]);
  assert.ok(Math.abs(near[1].distance_m - 1.54) < 0.02);
  assert.equal(componentsNear(ground, at(518, 500), 200).length, 3);
});

test("the map opens on the own cells", () => {
  assert.deepEqual(ownBox(ground).map((n) => n.toFixed(3)), ["116.410", "39.920", "116.411", "39.921"]);
  assert.equal(ownBox({ ...ground, cells: [] }), null);
});

test("a track spares the battery: no fix too soon, too vague, or of standing still", () => {
  const rate = { every_s: 30, least_m: 15, worst_accuracy_m: 100, fixes_at_most: 500, keep_days: 30 };
  const fix = (seconds, metres, accuracy_m = 10) => ({ at: new Date(seconds * 1000).toISOString(), lon: 116, lat: 40 + metres / 111_195, accuracy_m });
  const last = fix(0, 0);
  assert.equal(worth(null, fix(0, 0), rate), true);
  assert.equal(worth(null, fix(0, 0, 300), rate), false);
  assert.equal(worth(last, fix(10, 50), rate), false);
  assert.equal(worth(last, fix(31, 50), rate), true);
  assert.equal(worth(last, fix(31, 5), rate), false);
  assert.equal(worth(last, fix(301, 0), rate), true);
});

test("a picture is of the camera when it was made after the camera was asked for", () => {
  assert.equal(sourceOf({ lastModified: 10_000 }, 9_000), "camera");
  assert.equal(sourceOf({ lastModified: 1_000 }, 9_000), "gallery");
  assert.equal(sourceOf({ lastModified: 1_000 }, 0), "unknown");
});

test("room is judged before a photograph is taken", () => {
  const MB = 1024 * 1024;
  assert.deepEqual(judge({ quota: 500 * MB, usage: 100 * MB }), { state: "fine", free_mb: 400 });
  assert.equal(judge({ quota: 500 * MB, usage: 460 * MB }).state, "low");
  assert.equal(judge({ quota: 500 * MB, usage: 495 * MB }).state, "full");
  assert.equal(judge({}).state, "fine");
});
