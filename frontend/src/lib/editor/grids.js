/**
 * Responsibility grids: which cells belong to which, by click or lasso. Those in force change at once, each step can be
 * undone; a proposal by workload is a draft that is changed in the same way until it is put in force.
 */
import { drawing } from "../../map/edit/drawing.js";
import { editableShapes } from "../../map/edit/shapes.js";
import { fill, h, icon } from "../dom.js";
import { number, t, tn } from "../i18n.js";
import { busy, complain, toast } from "../ui.js";
import { editLog } from "./log.js";
import { balanceAfter, gridPlan } from "./plan.js";

/** @typedef {{ code: string, name: string, cells: number }} Grid */
/** @typedef {{ cells: string[], grids: { grid: string, shift: string }[] }} Gaps */

/** Colours far apart for grids that lie side by side. @param {string} code */
const hue = (code) => ([...code].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) * 137.5) % 360;

const colourOf = (/** @type {string} */ code) => `hsl(${hue(code)} 55% 45%)`;
/** Proposed grids are numbered as one reads: neighbours in the row get far colours. @param {number} at */
const groupColour = (at) => `hsl(${(at * 137.5) % 360} 55% ${at % 2 ? 62 : 38}%)`;

/** @param {{ map: import("leaflet").Map, api: import("../api.js").Api, panel: HTMLElement, hint: (text: string) => void }} options */
export function grids({ map, api, panel, hint }) {
  /** @type {Grid[]} */
  let list = [];
  let current = "";
  /** The proposed grid that cells are given to. */
  let target = 0;
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
    fill: (shape) => draft.get() ? proposedFill(shape.code) : shape.grids.length ? { color: colourOf(shape.grids[0]), opacity: shape.grids[0] === current ? 0.5 : 0.22 } : null,
  });
  shapes.several(true);
  const pen = drawing({ map, snap: (at) => at });
  const draft = gridPlan({ api, onchange: drawDraft });
  const log = editLog({ api, kinds: ["make_grid", "assign_cells"], onundone: () => void again() });
  const head = h("section");
  const about = h("section", { "aria-label": t("Chosen"), "aria-live": "polite" });
  const proposal = h("section", { "aria-label": t("Proposed grids") });
  const gaps = h("section", { "aria-label": t("Where nobody walks") });

  async function again() {
    list = await api.get("/edit/grids");
    drawHead();
    await Promise.all([shapes.refresh(), log.load(), drawGaps()]);
  }

  /** @param {string} code */
  function proposedFill(code) {
    const group = draft.get()?.cells[code]?.[0];
    if (group === undefined) return null;
    return { color: groupColour(group), opacity: group === target ? 0.6 : 0.32 };
  }

  /** So many grids of about equal workload: a draft that is changed on the map, then put in force. */
  function drawDraft() {
    const plan = draft.get();
    head.hidden = plan !== null;
    drawPlan(plan);
    shapes.repaint();
    drawChosen();
  }

  /** @param {import("./plan.js").Plan | null} plan */
  function drawPlan(plan) {
    const count = h("input", { id: "grid-count", type: "number", min: 1, max: 5000, required: true, value: String(plan?.groups.length ?? (list.length || 1)) });
    const ask = h("button", null, t("Propose"));
    const form = h("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void busy(ask, () => draft.begin(Number(count.value)));
    } }, h("label", { for: "grid-count" }, t("Grids of equal workload (reports, components, walking)")), h("div.actions", null, count, ask));
    fill(proposal, h("header", null, h("h2", null, t("Proposed grids")), plan && h("span.count", null, number(plan.groups.length))), form, ...(plan ? standing(plan) : []));
  }

  /** @param {import("./plan.js").Plan} plan */
  function standing(plan) {
    const { balance, balance_now: now, mean_minutes: mean } = plan.figures;
    const end = (/** @type {"activate" | "discard"} */ how) => (/** @type {Event} */ event) => busy(/** @type {HTMLButtonElement} */ (event.currentTarget), async () => {
      await draft.end(how);
      if (how === "activate") toast(t("The proposed grids are in force."));
      shapes.choose([]);
      await again();
    });
    const step = (/** @type {"undo" | "redo"} */ how) => (/** @type {Event} */ event) => busy(/** @type {HTMLButtonElement} */ (event.currentTarget), () => draft[how]());
    return [
      h("p", { "data-balance": "" }, t("Heaviest grid: {times} times the mean", { times: number(balance, 2) }), now !== null && h("span.quiet", null, ` (${t("now {times}", { times: number(now, 2) })})`)),
      h("p.small.quiet", null, t("mean {minutes} minutes a day", { minutes: number(mean, 0) })),
      h("div.actions", null, h("button", { type: "button", disabled: !plan.can_undo, "data-do": "undo", onclick: step("undo") }, icon("undo-2"), t("Undo")),
        h("button", { type: "button", disabled: !plan.can_redo, "data-do": "redo", onclick: step("redo") }, icon("redo-2"), t("Redo"))),
      h("ul.edit-list", { "aria-label": t("Proposed grids") }, plan.groups.map((group, at) => h("li", { "aria-current": String(at === target) },
        h("button.row-button", { type: "button", "aria-pressed": String(at === target), "data-group": String(at), onclick: () => {
          target = at;
          drawDraft();
        } }, h("span", null, swatch(groupColour(at)), group.name, group.pieces > 1 && h("span.chip.fault-chip", null, t("in {n} pieces", { n: group.pieces }))),
        h("span.small", null, `${tn("{n} cell", "{n} cells", group.cells)} · ${t("{minutes} min", { minutes: number(group.minutes, 0) })}`))))),
      h("div.actions", null, h("button.primary", { type: "button", "data-do": "apply", onclick: end("activate") }, icon("check"), t("Put in force")),
        h("button", { type: "button", "data-do": "drop", onclick: end("discard") }, t("Drop the proposal"))),
    ];
  }

  async function drawGaps() {
    const found = /** @type {Gaps} */ (await api.get("/grids/gaps"));
    const none = found.cells.length + found.grids.length === 0;
    fill(gaps, h("h2", null, t("Where nobody walks")), none ? h("p.quiet", null, t("Every cell has its grid, every shift its inspector.")) : [
      found.cells.length > 0 && h("p.small", null, h("b", null, tn("{n} cell without a grid", "{n} cells without a grid", found.cells.length)), ` ${found.cells.slice(0, 6).join(", ")}`),
      found.grids.length > 0 && h("p.small", null, h("b", null, tn("{n} grid without an inspector", "{n} grids without an inspector", found.grids.length)), ` ${found.grids.slice(0, 6).map((gap) => [gap.grid, gap.shift].filter(Boolean).join(" ")).join(", ")}`),
    ]);
  }

  // Made once: a list that arrives while she types must not take the field from under her hand.
  const find = h("input", { type: "search", id: "grid-find", placeholder: t("Code or name"), oninput: () => drawHead() });
  const many = h("span.count");
  const rest = h("ul.edit-list", { "aria-label": t("Responsibility grids") });
  fill(head, h("header", null, h("h2", null, t("Responsibility grids")), many), h("label.visually-hidden", { for: "grid-find" }, t("Find a grid")), find, rest, newGrid());

  function drawHead() {
    fill(many, number(list.length));
    fill(rest, list.filter((grid) => `${grid.code} ${grid.name}`.toLowerCase().includes(find.value.trim().toLowerCase())).map((grid) => h("li", { "aria-current": String(grid.code === current) },
      h("button.row-button", { type: "button", "aria-pressed": String(grid.code === current), onclick: () => {
        current = grid.code === current ? "" : grid.code;
        drawHead();
        shapes.repaint();
        drawChosen();
      } }, h("span", null, swatch(colourOf(grid.code)), grid.name, h("span.small.quiet", null, ` ${grid.code}`)), h("span.small", null, tn("{n} cell", "{n} cells", grid.cells))))));
  }

  /** @param {string} colour */
  function swatch(colour) {
    const mark = h("i.swatch");
    mark.style.color = colour;
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
        name.value = "";
        await again();
      });
    } }, h("label", { for: "grid-name" }, t("Name of a new grid")), h("div.actions", null, name, make));
  }

  function drawChosen() {
    const plan = draft.get();
    if (plan) {
      drawConsidered(plan);
      return;
    }
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

  /** What the balance would be if the chosen cells went to the chosen grid. @param {import("./plan.js").Plan} plan */
  function drawConsidered(plan) {
    const codes = chosen.map((shape) => shape.code);
    const name = plan.groups[target]?.name ?? "";
    const give = h("button.primary", { type: "button", disabled: !codes.length, "data-do": "move", onclick: () => busy(give, async () => {
      await draft.move(codes, target);
      shapes.choose([]);
    }) }, t("Give to {name}", { name }));
    fill(about, h("header", null, h("h2", null, tn("{n} cell chosen", "{n} cells chosen", codes.length))),
      codes.length > 0 && h("p.small", { "data-considered": "" }, t("Heaviest grid would be {times} times the mean", { times: number(balanceAfter(plan, codes, target), 2) })),
      h("div.actions", null, h("button", { type: "button", onclick: lasso }, icon("lasso"), t("Lasso")), give));
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
      fill(panel, about, proposal, head, gaps, log.element);
      drawHead();
      drawChosen();
      shapes.start();
      return again().then(() => draft.load()).catch(complain);
    },
    stop() {
      if (pen.active()) pen.cancel();
      shapes.stop();
      hint("");
    },
    pen,
    undo: () => draft.get() ? draft.undo().catch(complain) : log.undoLast(),
    redo: () => draft.get() ? draft.redo().catch(complain) : undefined,
    bindings: () => [{ key: "g", shown: "G", does: t("Lasso"), run: lasso }],
    escape: () => shapes.choose([]),
  };
}
