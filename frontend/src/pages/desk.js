/** The desk of supervisor, dispatcher and department: queue, case, map on one page. */
import { readAhead } from "../lib/desk/ahead.js";
import { bulkView } from "../lib/desk/bulk.js";
import { caseView, overtakenText } from "../lib/desk/case.js";
import { createLeases } from "../lib/desk/leases.js";
import { queueView } from "../lib/desk/queue.js";
import { createStore } from "../lib/desk/store.js";
import { undoOffer } from "../lib/desk/undo.js";
import { h, one } from "../lib/dom.js";
import { openFrame, showLink } from "../lib/frame.js";
import { className, t } from "../lib/i18n.js";
import { help, listen } from "../lib/keys.js";
import { rememberPanes } from "../lib/panes.js";
import { complain, failed, toast } from "../lib/ui.js";
import { lasso } from "../map/lasso.js";
import { cases } from "../map/layers/cases.js";
import { inspectors } from "../map/layers/inspectors.js";
import { createMap } from "../map/map.js";

const { api, page } = openFrame();
const split = one("[data-split]");
const ahead = readAhead({ api });
const leases = createLeases({
  api, person: page.person_id,
  onchange(ids) {
    queue.retell(ids);
    shown.showLease();
    hold();
  },
});

const queue = queueView({
  root: one("[data-pane=queue]"), queues: page.queues, other: leases.other,
  onqueue: (id) => void store.load(id), onpick: (card) => pick(card.id, true), onselect: (cards) => bulk.picked(cards),
});

/** @type {Promise<Named[]> | null} */
let departments = null;

const shown = caseView({
  root: one("[data-pane=case]"), api, ahead, other: leases.other,
  departments: () => (departments ??= /** @type {Promise<{ items: Named[] }>} */ (api.get("/organisations")).then(({ items }) => items)),
  listeners: { onloaded, onsend, onmoved, onleft, onrefused, onpick: (card) => pick(card.id, true) },
});
const layer = cases({ api, onpick: (card) => pick(card.id, true) });
/** @type {ReturnType<typeof createMap>["map"] | null} */
let map = null;
let counts = {};

const store = createStore({
  api, stream: page.stream, organisation: page.organisation,
  listeners: {
    queue(items, change) {
      queue.show(items, change, store.total());
      hold();
    },
    entries(items) {
      for (const entry of items) if (entry.case_id !== shown.current()?.id) ahead.forget(entry.case_id);
      layer.apply(items);
      items.forEach((entry) => shown.heard(entry));
    },
    counts: (fresh) => queue.counts((counts = fresh)),
    other: (message) => message.type === "leases" && leases.heard(message),
    link(state) {
      if (state.live && !wasLive) leases.renew();
      wasLive = state.live;
      showLink(state);
    },
    failed: (error) => queue.failed(error, failed(error, () => void store.reload())),
  },
});
let wasLive = false;

const undo = undoOffer({
  api,
  async onundone(item) {
    store.own(item);
    ahead.forget(item.id);
    pick(item.id);
  },
});

const bulk = bulkView({
  api, queue, moves: () => page.bulk[queue.active()] ?? [], current: () => shown.current(),
  async lasso() {
    tab("map");
    if (!map) return null;
    toast(t("Draw a line around the cases; Esc gives up."));
    return lasso(map);
  },
  onmoved: (items) => {
    items.forEach((each) => ahead.forget(each.id));
    void store.reload();
  },
});

/** The case in hand, from the moment it is asked for. */
let inHand = new URLSearchParams(location.search).get("case") ?? "";

/** @param {string} id @param {boolean} [look] on a phone: show the case */
function pick(id, look = false) {
  inHand = id;
  queue.choose(id);
  void shown.open(id);
  hold();
  const url = new URL(location.href);
  if (id) url.searchParams.set("case", id);
  else url.searchParams.delete("case");
  history.replaceState(null, "", url);
  if (look) tab("case");
}

/** The case in hand is ours for now, and so is the one that comes next, which is read already. */
function hold() {
  const next = inHand ? queue.following(inHand) : null;
  leases.hold(inHand || null, next?.id ?? null);
  if (next) ahead.want(next.id);
}

/** @param {CaseOut} item */
function onloaded(item) {
  // the case first, the map after it has been painted
  requestAnimationFrame(() => setTimeout(() => item.id === inHand && showPlace(item)));
}

/** @param {CaseOut} item */
function showPlace(item) {
  layer.choose(item);
  if (map && !map.getBounds().pad(-0.15).contains([item.lat, item.lon])) map.setView([item.lat, item.lon], Math.max(16, map.getZoom()), { animate: false });
}

/** The case to take next, chosen before the journal takes the present one off the list. @type {Card | null} */
let next = null;

/** @param {CaseOut} item */
function onsend(item) {
  undo.sent();
  next = queue.following(item.id);
}

/** Go on at once where the case is about to leave this list. @param {CaseOut} item @param {MoveOut} move */
function onleft(item, move) {
  if (!move.target || store.keeps(item, move.target)) return false;
  const pressed = performance.now();
  queue.letGo();
  store.leaves(item.id, true);
  goOn();
  // how long a hand waits: from the key to the next case painted; one read ahead is there at once
  const ready = shown.current() !== null;
  requestAnimationFrame(() => setTimeout(() => performance.measure("desk-next", { start: pressed, end: performance.now(), detail: { ready } })));
  return true;
}

function goOn() {
  pick(next?.id ?? "");
  if (!next) layer.choose(null);
}

/** @param {CaseOut} item @param {string} verb */
function onmoved(item, verb) {
  if (inHand === item.id && !store.keeps(item, item.state)) queue.letGo();
  store.own(item);
  const label = item.history.findLast((entry) => entry.verb === verb)?.label ?? "";
  undo.offer(item, `${label} · ${className(item)} ${item.number}`);
  const here = inHand === item.id;
  if (here && !store.items().some((card) => card.id === item.id)) goOn();
}

/** What was not waited for was refused: the case is back on the list, and one word says why. @param {CaseOut} item @param {import("../lib/api.js").ApiError | null} error */
function onrefused(item, error) {
  undo.refused();
  if (!error) return;
  store.leaves(item.id, false);
  ahead.forget(item.id);
  const text = error.status === 409 ? overtakenText(error) : `${error.message} ${error.mend}`;
  toast(`${className(item)} ${item.number}`, "fault", text, { button: h("button", { type: "button", onclick: () => pick(item.id, true) }, t("Show the case")) });
  void store.reload();
}

/** @param {1 | -1} step */
function step(step) {
  // to begin with, a case that nobody else has
  const next = inHand ? queue.beside(inHand, step) : queue.following("");
  if (next) pick(next.id);
}

/** @param {string} name */
function tab(name) {
  split.dataset.shown = name;
  document.querySelectorAll("[data-tab]").forEach((button) => button.setAttribute("aria-selected", String(button.getAttribute("data-tab") === name)));
}
document.querySelectorAll("[data-tab]").forEach((button) => button.addEventListener("click", () => tab(button.getAttribute("data-tab") ?? "queue")));

/** What undoes the move just made goes before what undoes one of the case in hand. @returns {import("../lib/keys.js").Binding[]} */
function ofTheCase() {
  const first = undo.bindings();
  return [...first, ...shown.bindings().filter((binding) => !first.some((one) => one.key === binding.key))];
}

const bindings = () => [
  ...ofTheCase(),
  { key: "ArrowDown", shown: "↓", does: t("Case below"), run: () => step(1) },
  { key: "ArrowUp", shown: "↑", does: t("Case above"), run: () => step(-1) },
  { key: "b", shown: "B", does: t("Many at once"), run: bulk.toggle },
  ...(queue.isPicking() ? [{ key: " ", shown: t("Space"), does: t("Pick the case or leave it out"), run: () => queue.toggle(inHand) }] : []),
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
one("[data-bulk-toggle]").addEventListener("click", () => bulk.toggle());
rememberPanes(split, page.page);

async function openMap() {
  const settings = /** @type {MapSettings} */ (await api.get("/map/settings"));
  const made = createMap({ element: one("[data-map]"), settings, layers: page.layers, api, asks: true });
  map = made.map;
  layer.layer.addTo(map);
  if (page.page !== "desk-department") inspectors().layer.addTo(map);
  const item = shown.current();
  if (item) showPlace(item);
}

queue.counts(counts);
void store.load(queue.active());
if (inHand) pick(inHand);
openMap().catch(complain);
