/** The desk of supervisor, dispatcher and department: queue, case, map on one page. */
import { caseView } from "../lib/desk/case.js";
import { queueView } from "../lib/desk/queue.js";
import { createStore } from "../lib/desk/store.js";
import { one } from "../lib/dom.js";
import { openFrame, showLink } from "../lib/frame.js";
import { className, t } from "../lib/i18n.js";
import { help, listen } from "../lib/keys.js";
import { rememberPanes } from "../lib/panes.js";
import { complain, failed, toast } from "../lib/ui.js";
import { cases } from "../map/layers/cases.js";
import { inspectors } from "../map/layers/inspectors.js";
import { createMap } from "../map/map.js";

const { api, page } = openFrame();
const split = one("[data-split]");

const queue = queueView({
  root: one("[data-pane=queue]"), queues: page.queues,
  onqueue: (id) => void store.load(id), onpick: (card) => pick(card.id, true),
});
const shown = caseView({ root: one("[data-pane=case]"), api, onloaded, onsend, onmoved });
const layer = cases({ api, onpick: (card) => pick(card.id, true) });
/** @type {ReturnType<typeof createMap>["map"] | null} */
let map = null;
let counts = {};

const store = createStore({
  api, stream: page.stream, organisation: page.organisation,
  listeners: {
    queue: (items, change) => queue.show(items, change, store.total()),
    entries(items) {
      layer.apply(items);
      items.forEach((entry) => shown.heard(entry));
    },
    counts: (fresh) => queue.counts((counts = fresh)),
    link: showLink,
    failed: (error) => queue.failed(error, failed(error, () => void store.reload())),
  },
});

/** @param {string} id @param {boolean} [look] on a phone: show the case */
function pick(id, look = false) {
  queue.choose(id);
  void shown.open(id);
  const url = new URL(location.href);
  if (id) url.searchParams.set("case", id);
  else url.searchParams.delete("case");
  history.replaceState(null, "", url);
  if (look) tab("case");
}

/** @param {CaseOut} item */
function onloaded(item) {
  layer.choose(item);
  if (map && !map.getBounds().pad(-0.15).contains([item.lat, item.lon])) map.setView([item.lat, item.lon], Math.max(16, map.getZoom()), { animate: false });
}

/** The case to take next, chosen before the journal takes the present one off the list. @type {Card | null} */
let next = null;

/** @param {CaseOut} item */
function onsend(item) {
  next = queue.beside(item.id, 1) ?? queue.beside(item.id, -1);
}

/** @param {CaseOut} item @param {string} verb */
function onmoved(item, verb) {
  store.own(item);
  const label = item.history.findLast((entry) => entry.verb === verb)?.label ?? "";
  toast(`${label} · ${className(item)} ${item.number}`);
  const stays = store.items().some((card) => card.id === item.id);
  if (!stays) {
    if (next) pick(next.id);
    else layer.choose(item);
  }
}

/** @param {1 | -1} step */
function step(step) {
  const next = queue.beside(shown.current()?.id ?? "", step);
  if (next) pick(next.id);
}

/** @param {string} name */
function tab(name) {
  split.dataset.shown = name;
  document.querySelectorAll("[data-tab]").forEach((button) => button.setAttribute("aria-selected", String(button.getAttribute("data-tab") === name)));
}
document.querySelectorAll("[data-tab]").forEach((button) => button.addEventListener("click", () => tab(button.getAttribute("data-tab") ?? "queue")));

const bindings = () => [
  ...shown.bindings(),
  { key: "ArrowDown", shown: "↓", does: t("Case below"), run: () => step(1) },
  { key: "ArrowUp", shown: "↑", does: t("Case above"), run: () => step(-1) },
  { key: "/", does: t("Search the queue"), run: queue.focusSearch },
  { key: "m", shown: "M", does: t("Show the case on the map"), run: showOnMap },
];

function showOnMap() {
  const item = shown.current();
  tab("map");
  if (item) map?.setView([item.lat, item.lon], 18);
}

listen(bindings);
one("[data-help]").addEventListener("click", () => help(bindings()));
rememberPanes(split, page.page);

async function openMap() {
  const settings = /** @type {MapSettings} */ (await api.get("/map/settings"));
  const made = createMap({ element: one("[data-map]"), settings, layers: page.layers, api, asks: true });
  map = made.map;
  layer.layer.addTo(map);
  if (page.page !== "desk-department") inspectors().layer.addTo(map);
  const item = shown.current();
  if (item) onloaded(item);
}

queue.counts(counts);
void store.load(queue.active());
const asked = new URLSearchParams(location.search).get("case");
if (asked) pick(asked);
openMap().catch(complain);
