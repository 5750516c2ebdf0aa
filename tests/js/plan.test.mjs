import assert from "node:assert/strict";
import { test } from "node:test";
import { balanceAfter } from "../../frontend/src/lib/editor/plan.js";

const plan = {
  groups: [{ minutes: 30, cells: 3 }, { minutes: 10, cells: 1 }],
  cells: { a: [0, 10], b: [0, 10], c: [0, 10], d: [1, 10] },
};

test("the balance of what is considered is that of the loads after it", () => {
  assert.equal(balanceAfter(plan, [], 1), 1.5);
  assert.equal(balanceAfter(plan, ["a"], 1), 1);
  assert.equal(balanceAfter(plan, ["a", "a"], 1), 1, "a cell is moved once");
  assert.equal(balanceAfter(plan, ["a", "d"], 1), 1, "a cell that is there already stays");
});

test("a grid that is emptied does not count", () => {
  assert.equal(balanceAfter(plan, ["d"], 0), 1);
});

test("cells that the proposal does not know change nothing", () => {
  assert.equal(balanceAfter(plan, ["x"], 1), 1.5);
});
