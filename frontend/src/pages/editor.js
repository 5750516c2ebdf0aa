/** The map editor: borders in a draft, responsibility grids and components in force. */
import { fill, h, one } from "../lib/dom.js";
import { borders } from "../lib/editor/borders.js";
import { components } from "../lib/editor/components.js";
import { grids } from "../lib/editor/grids.js";
import { openFrame } from "../lib/frame.js";
import { t } from "../lib/i18n.js";
import { help, listen } from "../lib/keys.js";
import { complain } from "../lib/ui.js";
import { createMap } from "../map/map.js";

const { api, page } = openFrame();
const panel = one("[data-panel]");
const hintLine = one("[data-hint]");

/** @param {string} text */
function hint(text) {
  hintLine.hidden = !text;
  fill(hintLine, text);
}

const MODES = /** @type {const} */ ([["borders", borders], ["grids", grids], ["components", components]]);
const words = { borders: t("Borders"), grids: t("Responsibility grids"), components: t("Components") };
/** @type {ReturnType<typeof borders> | ReturnType<typeof grids> | ReturnType<typeof components> | null} */
let mode = null;

async function start() {
  const settings = /** @type {MapSettings} */ (await api.get("/map/settings"));
  const { map } = createMap({ element: one("[data-map]"), settings, layers: page.layers, api });
  const made = new Map(MODES.map(([name, make]) => [name, make({ map, api, panel, hint })]));

  /** @param {"borders" | "grids" | "components"} name */
  function open(name) {
    mode?.stop();
    mode = made.get(name) ?? null;
    fill(one("[data-modes]"), MODES.map(([id]) => h("button", { type: "button", role: "tab", id: `mode-${id}`, "aria-selected": String(id === name), onclick: () => open(id) }, words[id])));
    panel.setAttribute("aria-labelledby", `mode-${name}`);
    void mode?.start();
  }
  open("borders");
}

const bindings = () => [
  ...(mode?.bindings() ?? []),
  { key: "Escape", shown: "Esc", does: t("Stop drawing; choose nothing"), run: () => (mode?.pen?.active() ? mode.pen.cancel() : mode?.escape()) },
  { key: "Enter", shown: "⏎", does: t("End what is being drawn"), run: () => mode?.pen?.finish() },
  { key: "Backspace", shown: "⌫", does: t("Take back the last point"), run: () => mode?.pen?.back() },
];
const undoKeys = [
  { key: "", shown: "Ctrl+Z", does: t("Undo"), run: () => mode?.undo() },
  { key: "", shown: "Ctrl+Y", does: t("Redo"), run: () => mode?.redo() },
];

listen(bindings);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
  if (!(event.ctrlKey || event.metaKey) || event.altKey || typing) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) mode?.redo();
  else mode?.undo();
});
one("[data-help]").addEventListener("click", () => help([...bindings(), ...undoKeys]));
start().catch(complain);
