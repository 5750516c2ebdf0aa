/** Responsibility grids: which cells in force belong to which; by click or lasso, at once, each step can be undone. */
import { drawing } from "../../map/edit/drawing.js";
import { editableShapes } from "../../map/edit/shapes.js";
import { fill, h, icon } from "../dom.js";
import { number, t, tn } from "../i18n.js";
import { busy, complain, toast } from "../ui.js";
import { editLog } from "./log.js";

/** @typedef {{ code: string, name: string, cells: number }} Grid */
/** @typedef {{ figures: { grids: number, cells: number, balance: number, balance_now: number | null, mean_minutes: number }, groups: { name: string, cells: string[], minutes: number, walk_m: number }[] }} Plan */
/** @typedef {{ cells: string[], grids: { grid: string, shift: string }[] }} Gaps */

/** Colours far apart for grids that lie side by side. @param {string} code */
const hue = (code) => ([...code].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) * 137.5) % 360;

/** @param {{ map: import("leaflet").Map, api: import("../api.js").Api, panel: HTMLElement, hint: (text: string) => void }} options */
export function grids({ map, api, panel, hint }) {
  /** @type {Grid[]} */
  let list = [];
  let current = "";
  /** The group that a proposal puts each cell in, while it is looked at. @type {Map<string, string> | null} */
  let proposed = null;
  /** @type {import("../../map/edit/shapes.js").Shape[]} */
  let chosen = [];
  const shapes = editableShapes({
    map,
    load: (bbox) => api.get("/edit/ground", { bbox }),
    onselect(found) {
      chosen = found;
      drawChosen();
    },
    onload: ({ truncated }) => hint(truncated ? t("Zoom in to see single cells.") : ""),
    onerror: complain,
    fill: (shape) => proposed ? { color: `hsl(${hue(proposed.get(shape.code) ?? "")} 55% 45%)`, opacity: 0.4 } : shape.grids.length ? { color: `hsl(${hue(shape.grids[0])} 55% 45%)`, opacity: shape.grids[0] === current ? 0.5 : 0.22 } : null,
  });
  shapes.several(true);
  const pen = drawing({ map, snap: (at) => at });
  const log = editLog({ api, kinds: ["make_grid", "assign_cells"], onundone: () => void again() });
  const head = h("section");
  const about = h("section", { "aria-label": t("Chosen"), "aria-live": "polite" });
  const plan = h("section", { "aria-label": t("Proposed grids") });
  const gaps = h("section", { "aria-label": t("Where nobody walks") });

  async function again() {
    list = await api.get("/edit/grids");
    drawHead();
    await Promise.all([shapes.refresh(), log.load(), drawGaps()]);
  }

  /** So many grids of about equal workload: looked at on the map, then put in force. */
  function drawPlan() {
    const count = h("input", { id: "grid-count", type: "number", min: 1, max: 5000, required: true, value: String(list.length || 1) });
    const ask = h("button", null, t("Propose"));
    const result = h("div", { "aria-live": "polite" });
    fill(plan, h("h2", null, t("Proposed grids")), h("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void busy(ask, async () => show(await api.get("/grids/proposal", { count: count.value }), count.value, result));
    } }, h("label", { for: "grid-count" }, t("Grids of equal workload (reports, components, walking)")), h("div.actions", null, count, ask)), result);
  }

  /** @param {Plan} found @param {string} count @param {HTMLElement} result */
  function show(found, count, result) {
    proposed = new Map(found.groups.flatMap((group) => group.cells.map((code) => [code, group.name])));
    shapes.repaint();
    const { balance, balance_now: now, mean_minutes: mean } = found.figures;
    const close = () => {
      proposed = null;
      shapes.repaint();
      fill(result);
    };
    const apply = h("button.primary", { type: "button", "data-do": "apply", onclick: () => busy(apply, async () => {
      await api.post("/grids/proposal", { count: Number(count) });
      toast(t("The proposed grids are in force."));
      close();
      await again();
    }) }, icon("check"), t("Put in force"));
    fill(result, h("p", null, t("Heaviest grid: {times} times the mean", { times: number(balance, 2) }), now !== null && h("span.quiet", null, ` (${t("now {times}", { times: number(now, 2) })})`)),
      h("p.small.quiet", null, t("mean {minutes} minutes a day", { minutes: number(mean, 0) })),
      h("div.actions", null, apply, h("button", { type: "button", onclick: close }, t("Cancel"))));
  }

  async function drawGaps() {
    const found = /** @type {Gaps} */ (await api.get("/grids/gaps"));
    const none = found.cells.length + found.grids.length === 0;
    fill(gaps, h("h2", null, t("Where nobody walks")), none ? h("p.quiet", null, t("Every cell has its grid, every shift its inspector.")) : [
      found.cells.length > 0 && h("p.small", null, h("b", null, tn("{n} cell without a grid", "{n} cells without a grid", found.cells.length)), ` ${found.cells.slice(0, 6).join(", ")}`),
      found.grids.length > 0 && h("p.small", null, h("b", null, tn("{n} grid without an inspector", "{n} grids without an inspector", found.grids.length)), ` ${found.grids.slice(0, 6).map((gap) => [gap.grid, gap.shift].filter(Boolean).join(" ")).join(", ")}`),
    ]);
  }

  function drawHead() {
    const find = h("input", { type: "search", id: "grid-find", placeholder: t("Code or name"), oninput: () => rows() });
    const rest = h("ul.edit-list", { "aria-label": t("Responsibility grids") });
    const rows = () => fill(rest, list.filter((grid) => `${grid.code} ${grid.name}`.toLowerCase().includes(find.value.trim().toLowerCase())).map((grid) => h("li", { "aria-current": String(grid.code === current) },
      h("button.row-button", { type: "button", "aria-pressed": String(grid.code === current), onclick: () => {
        current = grid.code === current ? "" : grid.code;
        rows();
        shapes.repaint();
        drawChosen();
      } }, h("span", null, swatch(grid.code), grid.name, h("span.small.quiet", null, ` ${grid.code}`)), h("span.small", null, tn("{n} cell", "{n} cells", grid.cells))))));
    rows();
    fill(head, h("header", null, h("h2", null, t("Responsibility grids")), h("span.count", null, number(list.length))), h("label.visually-hidden", { for: "grid-find" }, t("Find a grid")), find, rest, newGrid());
  }

  /** @param {string} code */
  function swatch(code) {
    const mark = h("i.swatch");
    mark.style.color = `hsl(${hue(code)} 55% 45%)`;
    return mark;
  }

  function newGrid() {
    const name = h("input", { id: "grid-name", maxlength: 100, required: true });
    const make = h("button", null, icon("plus"), t("New grid"));
    return h("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void busy(make, async () => {
        const made = /** @type {{ subject: string }} */ (await api.post("/edit/grids", { name: name.value }));
        current = made.subject;
        await again();
      });
    } }, h("label", { for: "grid-name" }, t("Name of a new grid")), h("div.actions", null, name, make));
  }

  function drawChosen() {
    const grid = list.find((one) => one.code === current);
    const lonely = shapes.all().filter((shape) => shape.grids.length === 0).length;
    const send = (/** @type {string} */ code) => (/** @type {Event} */ event) => busy(/** @type {HTMLButtonElement} */ (event.currentTarget), async () => {
      const done = /** @type {{ subject: string }} */ (await api.post("/edit/cells", { grid: code, cells: chosen.map((shape) => shape.code) }));
      toast(`${t("Cells assigned")}: ${done.subject}`);
      shapes.choose([]);
      await again();
    });
    fill(about, h("header", null, h("h2", null, tn("{n} cell chosen", "{n} cells chosen", chosen.length)), lonely > 0 && h("span.chip.fault-chip", null, tn("{n} cell in view without a grid", "{n} cells in view without a grid", lonely))),
      h("div.actions", null, h("button", { type: "button", onclick: lasso }, icon("lasso"), t("Lasso")),
        h("button.primary", { type: "button", disabled: !chosen.length || !grid, "data-do": "assign", onclick: send(current) }, grid ? t("Give to {name}", { name: grid.name }) : t("Choose a grid")),
        h("button", { type: "button", disabled: !chosen.length, onclick: send("") }, t("Take out"))));
  }

  function lasso() {
    shapes.pickable(false);
    hint(t("Draw around the cells; Enter or a double click ends it."));
    const after = () => {
      shapes.pickable(true);
      hint("");
    };
    pen.start({
      closed: true, cancelled: after,
      done(points) {
        after();
        shapes.choose([...chosen.map((shape) => shape.code), ...shapes.within(points).map((shape) => shape.code)]);
      },
    });
  }

  return {
    start() {
      fill(panel, about, head, plan, gaps, log.element);
      drawHead();
      drawChosen();
      shapes.start();
      return again().then(drawPlan).catch(complain);
    },
    stop() {
      if (pen.active()) pen.cancel();
      proposed = null;
      shapes.stop();
      hint("");
    },
    pen,
    undo: log.undoLast,
    redo: () => undefined,
    bindings: () => [{ key: "g", shown: "G", does: t("Lasso"), run: lasso }],
    escape: () => shapes.choose([]),
  };
}
