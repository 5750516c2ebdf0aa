/** Borders in a draft: begin, move, split, merge, draw, undo, look at the differences, bring into force. */
import { drawing } from "../../map/edit/drawing.js";
import { handles } from "../../map/edit/handles.js";
import { editableShapes } from "../../map/edit/shapes.js";
import { ApiError } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { named, number, t, tn } from "../i18n.js";
import { both } from "../time.js";
import { busy, complain, dialog, toast } from "../ui.js";
import { kindWord } from "./words.js";

/** @typedef {{ id: number, kind: string, subject: string, state: string, at: string, by: string }} Logged */
/** @typedef {{ id: number, title: string, begun: boolean, version: number, by: string, at: string, cells: number, edits: Logged[], can_undo: boolean, can_redo: boolean }} Draft */
/** @typedef {import("../../map/edit/shapes.js").Shape} Shape */
/** @typedef {import("leaflet").LatLng} LatLng */

/** @param {LatLng} at */
const place = (at) => [at.lng, at.lat];

/** @param {number} m2 */
const size = (m2) => (m2 >= 1e6 ? `${number(m2 / 1e6, 2)} km²` : `${number(m2)} m²`);

/**
 * @param {{ map: import("leaflet").Map, api: import("../api.js").Api, panel: HTMLElement, hint: (text: string) => void }} options
 */
export function borders({ map, api, panel, hint }) {
  /** @type {Draft | null} */
  let draft = null;
  /** @type {Shape[]} */
  let chosen = [];
  /** @type {import("../../map/edit/shapes.js").Level} */
  let level = "cell";
  let tool = "choose";
  let outer = false;
  let far = false;
  /** @type {Map<string, string>} */
  let changes = new Map();

  const shapes = editableShapes({
    map,
    load: (bbox) => api.get(`/edit/drafts/${draft?.id}/shapes`, { bbox }),
    onselect(found) {
      chosen = found;
      drawChosen();
      drawHandles();
    },
    onload({ truncated }) {
      far = truncated;
      tell();
    },
    onerror: complain,
  });
  const corners = handles({
    map, shapes,
    onmove: (from, to) => void edit("move_vertex", { at: place(from), to: place(to), outer }),
    onremove: (at) => void edit("remove_vertex", { at: place(at), outer }),
  });
  const pen = drawing({ map, snap: shapes.snapped });

  const head = h("section");
  const tools = h("div.tools", { role: "toolbar", "aria-label": t("Tools") });
  const about = h("section", { "aria-label": t("Chosen"), "aria-live": "polite" });
  const log = h("section", { "aria-label": t("Edits") });

  let running = false;

  async function load() {
    const found = /** @type {{ items: Draft[], active: { id: number, title: string } | null }} */ (await api.get("/edit/drafts"));
    if (!running) return; // another mode was opened meanwhile
    const begun = found.items.find((item) => item.begun);
    if (begun) open(begun);
    else offer(found.items, found.active);
  }

  /** @param {Draft[]} loaded @param {{ title: string } | null} active */
  function offer(loaded, active) {
    shapes.stop();
    corners.clear();
    draft = null;
    tell();
    const begin = (/** @type {object} */ body) => async () => {
      open(/** @type {Draft} */ (await api.post("/edit/drafts", body)));
    };
    const start = h("button.primary", { type: "button", disabled: !active, onclick: () => busy(start, begin({})) }, icon("square-pen"), t("Begin editing"));
    fill(panel, h("section", null, h("h2", null, t("Borders in force")), h("p", null, active?.title ?? t("None yet: load some from files first.")),
      h("p.quiet.small", null, t("Editing works on a copy. Nothing changes for anybody before it is brought into force.")), start),
      loaded.length > 0 && h("section", null, h("h2", null, t("Drafts from files")), h("ul.edit-list", null, loaded.map((item) => {
        const take = h("button", { type: "button", onclick: () => busy(take, begin({ generation_id: item.id })) }, t("Take up"));
        return h("li", null, h("div", null, h("b", null, item.title), h("span.small.quiet", null, tn("{n} cell", "{n} cells", item.cells), " · ", both(item.at))), take);
      }))));
  }

  /** @param {Draft} next */
  function open(next) {
    draft = next;
    fill(panel, head, tools, about, log);
    drawHead();
    drawTools();
    drawLog();
    shapes.start();
  }

  function drawHead() {
    if (!draft) return;
    fill(head, h("header", null, h("h2", null, draft.title), h("span.chip", null, t("draft"))),
      h("p.quiet.small", null, tn("{n} cell", "{n} cells", draft.cells), " · ", t("begun by {name}", { name: draft.by }), " · ", both(draft.at)),
      h("div.choices", { role: "radiogroup", "aria-label": t("What is chosen") }, [["cell", t("Cells")], ["community", t("Communities")], ["street", t("Streets")]].map(([value, word]) =>
        h("label.choice", null, h("input", { type: "radio", name: "level", value, checked: value === level, onchange: () => setLevel(/** @type {any} */ (value)) }), h("span", null, word)))),
      h("div.actions", null,
        h("button", { type: "button", onclick: (/** @type {Event} */ event) => busy(/** @type {any} */ (event.currentTarget), compare) }, icon("git-compare"), t("Differences")),
        h("button.primary", { type: "button", onclick: (/** @type {Event} */ event) => busy(/** @type {any} */ (event.currentTarget), activate) }, icon("check"), t("Bring into force")),
        h("button.danger", { type: "button", onclick: () => void discard() }, t("Discard"))));
  }

  /** @param {import("../../map/edit/shapes.js").Level} next */
  function setLevel(next) {
    level = next;
    setTool("choose");
    shapes.level(next);
  }

  const kinds = () => /** @type {const} */ ([
    ["choose", "V", () => icon("mouse-pointer-2"), t("Choose"), true],
    ["corners", "M", () => icon("spline"), t("Move border"), true],
    ["split", "S", () => icon("scissors"), t("Split"), true],
    ["merge", "J", () => icon("combine"), t("Merge"), true],
    ["draw", "D", () => icon("pencil"), t("Draw"), true],
    ["give", "G", () => icon("lasso"), t("Give cells"), level === "cell"],
    ["name", "N", () => icon("tag"), t("Rename"), level !== "cell"],
  ]);

  function drawTools() {
    fill(tools, kinds().filter(([, , , , fits]) => fits).map(([name, key, sign, word]) => h("button", {
      type: "button", "data-tool": name, "aria-pressed": String(tool === name), "aria-keyshortcuts": key, onclick: () => setTool(name),
    }, sign(), word)),
      h("button", { type: "button", disabled: !draft?.can_undo, title: "Ctrl+Z", onclick: () => void step("undo") }, icon("undo-2"), t("Undo")),
      h("button", { type: "button", disabled: !draft?.can_redo, title: "Ctrl+Y", onclick: () => void step("redo") }, icon("redo-2"), t("Redo")));
  }

  /** @param {string} next */
  function setTool(next) {
    if (pen.active()) pen.cancel();
    tool = next;
    shapes.several(next === "merge" || next === "give");
    shapes.pickable(true);
    drawTools();
    drawChosen();
    drawHandles();
    tell();
    if (next === "split") startSplit();
    else if (next === "draw") startDraw();
    else if (next === "name") void rename();
  }

  function drawHandles() {
    corners.clear();
    if (tool !== "corners" || chosen.length !== 1) return;
    if (!corners.show(chosen[0].layer)) hint(t("Too many corners to show them all: zoom in."));
  }

  function drawChosen() {
    const total = chosen.reduce((sum, shape) => sum + shape.area_m2, 0);
    fill(about, chosen.length === 0 ? h("p.quiet", null, t("Nothing chosen. Click on the map; Shift adds more.")) : [
      h("header", null, h("h2", null, chosen.length === 1 ? named({ code: "", name: chosen[0].name || chosen[0].code, name_en: chosen[0].name_en }) : tn("{n} chosen", "{n} chosen", chosen.length)), h("b", null, size(total))),
      h("p.small.quiet", null, chosen.slice(0, 8).map((shape) => shape.code).join(", ") + (chosen.length > 8 ? " …" : "")),
    ],
    tool === "corners" && h("label.check-line", null, h("input", { type: "checkbox", checked: outer, onchange: (/** @type {any} */ event) => {
      outer = event.target.checked;
    } }), t("Also move the district's own border")),
    tool === "merge" && h("button.primary", { type: "button", disabled: chosen.length < 2, "data-do": "merge", onclick: () => void merge() }, icon("combine"), tn("Merge {n}", "Merge {n}", chosen.length)),
    tool === "give" && giving());
  }

  function giving() {
    const communities = shapes.areas("community").sort((a, b) => a.code.localeCompare(b.code));
    const into = h("select", { "aria-label": t("Community") }, communities.map((area) => h("option", { value: area.code }, `${named({ code: "", name: area.name, name_en: area.name_en })} ${area.code}`)));
    return h("div", { class: "field" }, h("div.actions", null, h("button", { type: "button", onclick: lasso }, icon("lasso"), t("Lasso"))),
      h("label", null, t("To the community")), into,
      h("p", null, h("button.primary", { type: "button", disabled: !chosen.length, onclick: () => void edit("move_cells", { codes: chosen.map((shape) => shape.code), into: into.value }) }, tn("Give {n} cell", "Give {n} cells", chosen.length))));
  }

  function lasso() {
    begin(true, t("Draw around the cells; Enter or a double click ends it."), (points) => {
      const before = chosen.map((shape) => shape.code);
      shapes.choose([...before, ...shapes.within(points).map((shape) => shape.code)]);
    });
  }

  /** @param {boolean} closed @param {string} word @param {(points: LatLng[]) => void} done */
  function begin(closed, word, done) {
    shapes.pickable(false);
    hint(word);
    pen.start({
      closed,
      done(points) {
        shapes.pickable(true);
        tell();
        done(points);
      },
      cancelled() {
        shapes.pickable(true);
        tell();
      },
    });
  }

  function startSplit() {
    if (chosen.length !== 1) return tell();
    const [shape] = chosen;
    begin(false, t("Draw a line across it, from border to border; Enter or a double click ends it."), (points) => void split(shape, points.map(place)));
  }

  /** @param {Shape} shape @param {number[][]} line */
  async function split(shape, line) {
    if (level === "cell") await edit("split_cell", { code: shape.code, line });
    else {
      const words = await ask(t("The new area"), shape);
      if (words) await edit("split_area", { codes: [shape.code], line, ...words });
    }
    setTool("choose");
  }

  function startDraw() {
    if (level !== "cell" && chosen.length !== 1) return tell();
    const parent = level === "cell" ? null : chosen[0];
    begin(true, t("Draw the border corner by corner; Enter or a double click ends it."), (points) => void draw(parent, points));
  }

  /** @param {Shape | null} parent @param {LatLng[]} points */
  async function draw(parent, points) {
    const ring = points.map(place);
    if (level === "cell") {
      const middle = points.reduce((sum, at) => ({ lat: sum.lat + at.lat / points.length, lng: sum.lng + at.lng / points.length }), { lat: 0, lng: 0 });
      const community = shapes.at(/** @type {LatLng} */ (middle), "community");
      if (community) await edit("draw_cell", { ring, into: community.code });
      else toast(t("A cell is drawn inside a community."), "fault");
    } else if (parent) {
      const words = await ask(t("The new area"), parent);
      if (words) await edit("draw_area", { codes: [parent.code], ring, ...words });
    }
    setTool("choose");
  }

  async function merge() {
    const codes = chosen.map((shape) => shape.code);
    await edit(level === "cell" ? "merge_cells" : "merge_areas", { codes });
    setTool("choose");
  }

  async function rename() {
    if (chosen.length !== 1) return tell();
    const [shape] = chosen;
    const words = await ask(t("Rename"), shape, shape);
    if (words) await edit("rename_area", { codes: [shape.code], name: words.name, name_en: words.name_en });
    setTool("choose");
  }

  /** Name (and for a new area its code). @param {string} title @param {Shape} beside @param {Shape} [old] */
  async function ask(title, beside, old) {
    const name = h("input", { id: "area-name", required: true, maxlength: 100, value: old?.name ?? "" });
    const english = h("input", { id: "area-name-en", maxlength: 100, value: old?.name_en ?? "" });
    const code = h("input", { id: "area-code", inputmode: "numeric", pattern: "[0-9]*", maxlength: 12, placeholder: t("the next free one") });
    const { box, closed } = dialog(title, h("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      box.close("yes");
    } },
    h("p.quiet.small", null, beside.code),
    h("div.field", null, h("label", { for: "area-name" }, t("Name")), name), h("div.field", null, h("label", { for: "area-name-en" }, t("English name"), h("span.quiet", null, ` ${t("(optional)")}`)), english),
    !old && h("div.field", null, h("label", { for: "area-code" }, t("Code"), h("span.quiet", null, ` ${t("(optional)")}`)), code),
    h("div.actions", null, h("button.primary", null, t("Save")), h("button", { type: "button", onclick: () => box.close("") }, t("Cancel")))));
    return (await closed) === "yes" ? { name: name.value, name_en: english.value, into: code.value } : null;
  }

  /** @param {string} kind @param {Record<string, unknown>} asked */
  async function edit(kind, asked) {
    if (!draft) return;
    await change(() => api.post(`/edit/drafts/${draft?.id}/edits`, { version: draft?.version, kind, ...asked }), (done) => `${kindWord(done.edit.kind)}: ${done.edit.subject}`);
  }

  /** @param {"undo" | "redo"} way */
  async function step(way) {
    if (!draft || (way === "undo" ? !draft.can_undo : !draft.can_redo)) return;
    await change(() => api.post(`/edit/drafts/${draft?.id}/${way}`, { version: draft?.version }), (done) => `${way === "undo" ? t("Undone") : t("Done again")}: ${done.edit.subject}`);
  }

  /** @param {() => Promise<any>} send @param {(done: { draft: Draft, edit: Logged }) => string} word */
  async function change(send, word) {
    try {
      const done = /** @type {{ draft: Draft, edit: Logged }} */ (await send());
      draft = done.draft;
      changes.clear();
      shapes.mark(changes);
      toast(word(done));
      drawHead();
      drawTools();
      drawLog();
    } catch (error) {
      complain(error);
      if (error instanceof ApiError && error.code === "stale" && draft) draft = await api.get(`/edit/drafts/${draft.id}`);
      else if (error instanceof ApiError && error.status === 404) return void load().catch(complain);
      drawTools();
      drawLog();
    }
    await shapes.refresh();
    shapes.prune();
  }

  function drawLog() {
    const edits = draft?.edits.filter((item) => item.kind !== "begin") ?? [];
    fill(log, h("h2", null, t("Edits")), edits.length === 0 ? h("p.quiet", null, t("None yet.")) : h("ul.edit-list", null, edits.map((item) => h("li", { class: item.state === "done" ? "" : "undone" },
      h("div", null, h("b", null, kindWord(item.kind)), h("span.small", null, item.subject), h("span.small.quiet", null, item.by, " · ", both(item.at)))))));
  }

  async function differences(check = false) {
    return /** @type {{ count: number, items: any[], faults: { text: string }[] }} */ (await api.get(`/edit/drafts/${draft?.id}/differences`, { check: check ? "true" : "" }));
  }

  const changeWord = (/** @type {string} */ change) => ({ new: t("new"), gone: t("ends"), changed: t("changed") })[change] ?? change;

  async function compare() {
    const found = await differences();
    changes = new Map(found.items.filter((item) => item.change !== "gone").map((item) => [item.code, item.change]));
    shapes.mark(changes);
    const { box } = dialog(tn("{n} difference from what is in force", "{n} differences from what is in force", found.count),
      found.count === 0 ? h("p", null, t("The draft is as what is in force.")) : h("ul.edit-list", null, found.items.map((item) => h("li", null,
        h("button.row-button", { type: "button", onclick: () => {
          box.close();
          const [west, south, east, north] = item.bounds;
          map.fitBounds([[south, west], [north, east]], { maxZoom: 18 });
        } }, h("span", null, h("b.change", { class: item.change }, changeWord(item.change)), " ", item.name, " ", item.code),
        h("span.small.quiet", null, [item.before_m2, item.after_m2].filter((m2) => m2 !== null).map(size).join(" → ")))))),
      found.count > found.items.length && h("p.quiet", null, t("Only the first {n} are listed.", { n: found.items.length })));
  }

  async function activate() {
    const found = await differences(true);
    const { box, closed } = dialog(t("Bring the draft into force?"),
      h("p", null, tn("{n} difference from what is in force", "{n} differences from what is in force", found.count), "."),
      found.faults.length > 0
        ? [h("p.fault", null, tn("{n} fault must be mended first:", "{n} faults must be mended first:", found.faults.length)), h("ul", null, found.faults.slice(0, 20).map((fault) => h("li.small", null, fault.text)))]
        : h("p.quiet", null, t("No gap, no overlap, every code in order. Open cases keep their old cells; what became of these is written down.")),
      h("div.actions", null, h("button.primary", { type: "button", disabled: found.faults.length > 0, "data-do": "activate", onclick: () => box.close("yes") }, t("Bring into force")), h("button", { type: "button", onclick: () => box.close("") }, t("Not yet"))));
    if ((await closed) !== "yes") return;
    await api.post(`/edit/drafts/${draft?.id}/activate`, { version: draft?.version });
    toast(t("The draft is in force."));
    await load();
  }

  async function discard() {
    const { box, closed } = dialog(t("Discard the draft?"), h("p", null, t("Its borders are lost; the log of the edits stays.")),
      h("div.actions", null, h("button.danger", { type: "button", onclick: () => box.close("yes") }, t("Discard")), h("button", { type: "button", onclick: () => box.close("") }, t("Keep"))));
    if ((await closed) !== "yes") return;
    try {
      await api.post(`/edit/drafts/${draft?.id}/discard`, { version: draft?.version });
      await load();
    } catch (error) {
      complain(error);
    }
  }

  function tell() {
    if (!draft) return hint("");
    if (pen.active()) return;
    if (far && level === "cell") hint(t("Zoom in to see single cells."));
    else if (tool === "corners" && chosen.length !== 1) hint(t("Choose one shape: its corners can then be dragged."));
    else if (tool === "split" && chosen.length !== 1) hint(t("Choose what is to be split."));
    else if (tool === "merge" && chosen.length < 2) hint(t("Choose the neighbours that become one."));
    else if (tool === "draw" && level !== "cell" && chosen.length !== 1) hint(t("Choose the area in which the new one is drawn."));
    else if (tool === "name" && chosen.length !== 1) hint(t("Choose what is to be renamed."));
    else hint("");
  }

  return {
    start() {
      running = true;
      return load().catch(complain);
    },
    stop() {
      running = false;
      if (pen.active()) pen.cancel();
      shapes.stop();
      corners.clear();
      hint("");
    },
    pen,
    undo: () => void step("undo"),
    redo: () => void step("redo"),
    bindings: () => draft ? kinds().filter(([, , , , fits]) => fits).map(([name, key, , does]) => ({ key: key.toLowerCase(), shown: key, does, run: () => setTool(name) })) : [],
    escape: () => (tool === "choose" ? shapes.choose([]) : setTool("choose")),
  };
}
