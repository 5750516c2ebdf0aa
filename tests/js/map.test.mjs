import assert from "node:assert/strict";
import { test } from "node:test";
import { distance, gcj02, metres } from "../../frontend/src/lib/geo.js";
import { searchClasses } from "../../frontend/src/lib/classes.js";
import { stageOf } from "../../frontend/src/lib/states.js";

test("GCJ-02 of Tiananmen is the known shift of some hundred metres", () => {
  const [lon, lat] = gcj02(116.3975, 39.9087);
  assert.ok(Math.abs(lon - 116.403744) < 2e-5, String(lon));
  assert.ok(Math.abs(lat - 39.910103) < 2e-5, String(lat));
  const shift = metres(116.3975, 39.9087, lon, lat);
  assert.ok(shift > 400 && shift < 700, String(shift));
});

test("outside China the datum is WGS-84 itself", () => {
  assert.deepEqual(gcj02(2.3522, 48.8566), [2.3522, 48.8566]);
});

test("distances", () => {
  assert.ok(Math.abs(metres(116, 40, 116, 40.001) - 111.2) < 0.3);
  assert.equal(distance(1.83), "1.8 m");
  assert.equal(distance(640.4), "640 m");
  assert.equal(distance(1834), "1.8 km");
});

test("every stage has one shape", () => {
  assert.deepEqual(
    ["reported", "verifying", "verified", "filed", "dispatched", "handling", "handled", "checking", "checked", "closed", "force_closed", "void", "declined"].map(stageOf),
    ["reported", "reported", "reported", "filed", "dispatched", "handling", "checking", "checking", "checking", "closed", "closed", "dropped", "dropped"],
  );
});

const classes = [
  { id: 1, code: "0101", kind: "component", name: "上水井盖", name_en: "Water-supply manhole cover", initials: "ssjg" },
  { id: 2, code: "0102", kind: "component", name: "污水井盖", name_en: "Sewage manhole cover", initials: "wsjg" },
  { id: 3, code: "0102", kind: "event", name: "暴露垃圾", name_en: "Exposed refuse", initials: "bllj" },
];
const found = (query) => searchClasses(classes, query).map((item) => item.id);

test("a class is found by code, name, English name and initials", () => {
  assert.deepEqual(found("0102"), [2, 3]);
  assert.deepEqual(found("垃圾"), [3]);
  assert.deepEqual(found("BLLJ"), [3]);
  assert.deepEqual(found("jg"), [1, 2]);
  assert.deepEqual(found("sewage"), [2]);
  assert.deepEqual(found("xyz"), []);
  assert.deepEqual(found(" "), [1, 2, 3]);
});
