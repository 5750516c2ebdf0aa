/**
 * Proposed grids as a draft that the server keeps: cells go from grid to grid, moves are undone, and the balance of
 * what is being considered is known before it is sent.
 */
/** @typedef {{ name: string, cells: number, minutes: number, reports: number, components: number, walk_m: number, pieces: number }} Group */
/** @typedef {{ version: number, by: string, figures: { balance: number, balance_now: number | null, mean_minutes: number }, groups: Group[], cells: Record<string, [number, number]>, can_undo: boolean, can_redo: boolean }} Plan */

/**
 * The heaviest grid over the mean if these cells went to that grid; emptied grids do not count.
 * @param {Pick<Plan, "groups" | "cells">} plan @param {string[]} codes @param {number} to
 */
export function balanceAfter(plan, codes, to) {
  const minutes = plan.groups.map((group) => group.minutes);
  const cells = plan.groups.map((group) => group.cells);
  for (const code of new Set(codes)) {
    const [from, load] = plan.cells[code] ?? [to, 0];
    if (from === to) continue;
    minutes[from] -= load;
    minutes[to] += load;
    cells[from] -= 1;
    cells[to] += 1;
  }
  const loads = minutes.filter((_load, at) => cells[at] > 0);
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return mean ? Math.max(...loads) / mean : 1;
}

/** @param {{ api: import("../api.js").Api, onchange: () => void }} options */
export function gridPlan({ api, onchange }) {
  /** @type {Plan | null} */
  let plan = null;

  /** @param {Promise<unknown>} asked what the server makes of it becomes the plan; refused, the plan is read again */
  async function take(asked) {
    try {
      plan = /** @type {Plan} */ (await asked);
    } catch (error) {
      if (plan) await load();
      throw error;
    } finally {
      onchange();
    }
  }

  async function load() {
    plan = /** @type {Plan | null} */ (await api.get("/grids/plan"));
    onchange();
  }

  return {
    get: () => plan,
    load,
    /** @param {number} count */
    begin: (count) => take(api.post("/grids/plan", { count, version: plan?.version ?? null })),
    /** @param {string[]} cells @param {number} group */
    move: (cells, group) => take(api.post("/grids/plan/moves", { version: plan?.version, cells, group })),
    undo: () => take(api.post("/grids/plan/undo", { version: plan?.version })),
    redo: () => take(api.post("/grids/plan/redo", { version: plan?.version })),
    /** @param {"activate" | "discard"} how */
    async end(how) {
      await api.post(`/grids/plan/${how}`, { version: plan?.version });
      plan = null;
      onchange();
    },
  };
}
