/** Components: add, move, retire; at once, each step logged and undoable. */
import { L } from "../../map/leaflet.js";
import { placePin } from "../../map/map.js";
import { fill, h, icon } from "../dom.js";
import { named, t } from "../i18n.js";
import { busy, complain, dialog, toast } from "../ui.js";
import { editLog } from "./log.js";

/** @typedef {{ code: string, class_code: string, name: string, name_en: string, lon: number, lat: number, state: string, owner: string }} Standing */

/** Components are shown from this zoom on. */
const FROM = 17;

/** @param {{ map: L.Map, api: import("../api.js").Api, panel: HTMLElement, hint: (text: string) => void }} options */
export function components({ map, api, panel, hint }) {
  const renderer = L.canvas({ padding: 0.1, tolerance: 5 });
  const group = L.layerGroup();
  const pin = placePin(true);
  /** @type {Standing | null} */
  let chosen = null;
  /** What a click on the ground would do. @type {"" | "add" | "move"} */
  let placing = "";
  let turn = 0;
  /** @type {ClassOut[]} */
  let classes = [];
  const log = editLog({ api, kinds: ["add_component", "move_component", "retire_component"], onundone: () => void refresh() });
  const about = h("section", { "aria-label": t("Chosen"), "aria-live": "polite" });
  const adding = h("section", { "aria-label": t("A new component") });
  const search = h("input", { type: "search", id: "component-class", list: "component-classes", autocomplete: "off", placeholder: t("Code or name") });
  const options = h("datalist", { id: "component-classes" });
  const owner = h("input", { id: "component-owner", maxlength: 40 });
  const start = h("button", { type: "button", "data-do": "place", disabled: true, onclick: () => {
    if (!found()) return void toast(t("Choose a class first."), "fault");
    choose(null);
    placing = "add";
    hint(word());
  } }, icon("map-pin-plus"), t("Place it on the map"));
  fill(adding, h("h2", null, t("A new component")), h("div", null, h("label", { for: "component-class" }, t("Class")), search, options),
    h("div", null, h("label", { for: "component-owner" }, t("Owner's code"), h("span.quiet", null, ` ${t("(optional)")}`)), owner), h("div.actions", null, start));

  async function refresh() {
    const mine = (turn += 1);
    group.clearLayers();
    if (map.getZoom() < FROM) return hint(t("Zoom in to see single components."));
    hint(placing ? word() : "");
    const box = map.getBounds();
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(",");
    try {
      const found = /** @type {Standing[]} */ (await api.get("/edit/components", { bbox }));
      if (mine === turn) found.forEach(dot);
    } catch (error) {
      if (mine === turn) complain(error);
    }
  }

  /** @param {Standing} item */
  function dot(item) {
    const style = getComputedStyle(document.documentElement);
    const own = item.code === chosen?.code;
    const marker = L.circleMarker([item.lat, item.lon], { renderer, radius: own ? 8 : 5, weight: own ? 3 : 1.5, color: style.getPropertyValue(own ? "--accent" : "--ink-2").trim(), fillColor: style.getPropertyValue("--raised").trim(), fillOpacity: 0.9 });
    marker.bindTooltip(`${named(item)} ${item.code}`);
    marker.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      choose(item);
    });
    marker.addTo(group);
  }

  /** @param {Standing | null} item */
  function choose(item) {
    chosen = item;
    placing = "";
    pin.remove();
    drawChosen();
    void refresh();
  }

  const word = () => (placing === "add" ? t("Click where the new component stands.") : t("Drag the pin to where it really stands, then save."));

  function drawChosen() {
    if (!chosen) return fill(about, h("p.quiet", null, t("Click on a component to move or retire it.")));
    const item = chosen;
    const move = h("button", { type: "button", onclick: () => startMove(item) }, icon("move"), t("Move"));
    const save = h("button.primary", { type: "button", "data-do": "save-place", onclick: () => busy(save, async () => {
      const { lng, lat } = pin.getLatLng();
      await api.post(`/edit/components/${item.code}/move`, { lon: lng, lat });
      toast(`${t("Component moved")}: ${item.code}`);
      choose(null);
      await log.load();
    }) }, t("Save the place"));
    const retire = h("button.danger", { type: "button", onclick: () => void end(item) }, icon("archive"), t("Retire"));
    fill(about, h("header", null, h("h2", null, named(item)), h("span.chip", null, item.class_code)), h("p.small", null, item.code), h("p.small.quiet", null, [t("owner {code}", { code: item.owner || "–" }), item.state].join(" · ")),
      h("div.actions", null, placing === "move" ? save : move, retire));
  }

  /** @param {Standing} item */
  function startMove(item) {
    placing = "move";
    pin.setLatLng([item.lat, item.lon]).addTo(map);
    hint(word());
    drawChosen();
  }

  /** @param {Standing} item */
  async function end(item) {
    const { box, closed } = dialog(t("Retire {code}?", { code: item.code }), h("p", null, t("It is no longer shown and no report can name it; its row and its code stay.")),
      h("div.actions", null, h("button.danger", { type: "button", onclick: () => box.close("yes") }, t("Retire")), h("button", { type: "button", onclick: () => box.close("") }, t("Keep"))));
    if ((await closed) !== "yes") return;
    try {
      await api.post(`/edit/components/${item.code}/retire`);
      toast(`${t("Component retired")}: ${item.code}`);
      choose(null);
      await log.load();
    } catch (error) {
      complain(error);
    }
  }

  async function loadClasses() {
    const answer = /** @type {{ items: ClassOut[] }} */ (await api.get("/classes"));
    classes = answer.items.filter((item) => item.kind === "component");
    fill(options, classes.map((item) => h("option", { value: `${item.code} ${named({ code: "", name: item.name_zh ?? item.name, name_en: item.name_en })}` })));
    start.disabled = false;
  }

  /** The class that was typed or picked. */
  const found = () => classes.find((item) => item.code === search.value.trim().split(" ")[0]);

  /** @param {L.LeafletMouseEvent} event */
  async function click({ latlng }) {
    if (placing === "move") return void pin.setLatLng(latlng);
    const kind = found();
    if (placing !== "add" || !kind) return;
    placing = "";
    hint("");
    try {
      const done = /** @type {{ subject: string }} */ (await api.post("/edit/components", { class_code: kind.code, lon: latlng.lng, lat: latlng.lat, owner_code: owner.value.trim() }));
      toast(`${t("Component added")}: ${done.subject}`);
      await Promise.all([refresh(), log.load()]);
    } catch (error) {
      complain(error);
    }
  }

  return {
    async start() {
      fill(panel, about, adding, log.element);
      drawChosen();
      group.addTo(map);
      map.on("moveend", refresh).on("click", click);
      void refresh();
      void log.load();
      if (!classes.length) await loadClasses().catch(complain);
    },
    stop() {
      turn += 1;
      group.clearLayers();
      group.remove();
      pin.remove();
      map.off("moveend", refresh).off("click", click);
      placing = "";
      chosen = null;
      hint("");
    },
    pen: null,
    undo: log.undoLast,
    redo: () => undefined,
    bindings: () => [],
    escape: () => choose(null),
  };
}
