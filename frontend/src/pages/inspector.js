/** The inspector's phone page: home, new report, task. The outbox lives as long as the page. */
import { openFrame, showLink } from "../lib/frame.js";
import { fill, h, one } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { homeView } from "../lib/inspector/home.js";
import { reportView } from "../lib/inspector/report.js";
import { taskView } from "../lib/inspector/task.js";
import { follow } from "../lib/live.js";
import { createOutbox } from "../lib/outbox.js";
import { complain, dialog, toast } from "../lib/ui.js";
import { cases } from "../map/layers/cases.js";
import { createMap } from "../map/map.js";

/** @type {Awaited<ReturnType<typeof createOutbox>> | null} */
let outbox = null;
const { api, page } = openFrame({
  unsent: async () => ((await outbox?.items()) ?? []).filter((item) => item.state !== "sent").length,
});
const root = one("[data-view]");
/** @type {ReturnType<typeof homeView> | null} */
let home = null;
/** @type {import("../lib/outbox.js").OutboxItem[]} */
let kept = [];
/** @type {Promise<MapSettings> | null} */
let settings = null;

/** Unit grid cells are drawn from this zoom on. */
const CELLS_FROM = 15;
const mine = new Set(page.own?.codes);

/** The map of the view that is shown; one at a time. @type {ReturnType<typeof createMap> | null} */
let shownMap = null;

/** @param {HTMLElement} element */
async function openMap(element) {
  settings ??= api.get("/map/settings");
  settings.catch(() => (settings = null));
  const found = await settings;
  closeMap();
  return (shownMap = createMap({ element, settings: found, layers: page.layers, mine: (code) => mine.has(code) }));
}

function closeMap() {
  shownMap?.close();
  shownMap = null;
}

/** Classes are kept on the phone, so that the form works without a connection. @returns {Promise<ClassOut[]>} */
async function classes() {
  const key = "gridcity.classes";
  try {
    const answer = /** @type {{ items: ClassOut[] }} */ (await api.get("/classes"));
    localStorage.setItem(key, JSON.stringify(answer.items));
    return answer.items;
  } catch (error) {
    const old = localStorage.getItem(key);
    if (!old) throw error;
    return JSON.parse(old);
  }
}

function goHome() {
  closeMap();
  home = homeView({
    root, onphoto: (blobs) => void report(blobs), ontask: task, onmend: mend, ondiscard: discard,
    onsend: () => void outbox?.flush().catch(complain),
  });
  home.outbox(kept);
  void refresh();
  const here = home;
  openMap(here.mapBox).then(({ map }) => {
    if (home !== here) return;
    const box = page.own?.bounds;
    if (box) map.fitBounds([[box[1], box[0]], [box[3], box[2]]]).setZoom(Math.max(CELLS_FROM, map.getZoom()), { animate: false });
    const layer = cases({ api, onpick: (card) => toast(`${card.class_name} ${card.number}`) });
    layer.layer.addTo(map);
  }).catch(() => fill(here.mapBox, h("p.quiet.small", null, t("The map is not here without a connection."))));
  scrollTo(0, 0);
}

async function refresh() {
  const here = home;
  if (!here) return;
  api.get("/tasks").then((answer) => here.tasks(/** @type {any} */ (answer).items)).catch((error) => here.failed("tasks", error, refresh));
  api.get("/cases", { queue: "mine", limit: 20 }).then((answer) => here.mine(/** @type {Page<Card>} */ (answer).items)).catch((error) => here.failed("mine", error, refresh));
}

/** @param {Blob[]} first @param {import("../lib/outbox.js").OutboxItem} [draft] */
async function report(first, draft) {
  home = null;
  closeMap();
  try {
    reportView({
      root, api, classes: await classes(), first, draft, openMap, onleave: goHome,
      async onsave(item) {
        await outbox?.add(item);
        toast(t("Saved on this phone; it is being sent."));
        goHome();
      },
    });
    scrollTo(0, 0);
  } catch (error) {
    complain(error);
    goHome();
  }
}

/** @param {TaskOut & { case: Card }} chosen */
function task(chosen) {
  home = null;
  closeMap();
  taskView({
    root, api, task: chosen, onleave: goHome,
    async onsave(item) {
      await outbox?.add(item);
      toast(t("Saved on this phone; it is being sent."));
      goHome();
    },
  });
  scrollTo(0, 0);
}

/** @param {import("../lib/outbox.js").OutboxItem} item */
function mend(item) {
  if (item.task === "report") return void report([], item);
  dialog(item.title, h("p", null, item.fault?.message ?? ""), h("p.quiet", null, item.fault?.mend ?? ""));
}

/** @param {import("../lib/outbox.js").OutboxItem} item */
async function discard(item) {
  const { box, closed } = dialog(
    t("Discard {title}?", { title: item.title }), h("p", null, t("Its photos and text are deleted from this phone.")),
    h("div.actions", null, h("button.danger", { type: "button", onclick: () => box.close("yes") }, t("Discard")), h("button", { type: "button", onclick: () => box.close("") }, t("Keep"))));
  if ((await closed) === "yes") await outbox?.discard(item.id);
}

async function start() {
  outbox = await createOutbox({
    api,
    onchange(items) {
      const sent = items.filter((item) => item.state === "sent").length;
      const news = sent > kept.filter((item) => item.state === "sent").length && kept.length > 0;
      kept = items;
      home?.outbox(items);
      if (news) void refresh();
    },
  });
  void navigator.storage?.persist?.();
  goHome();
  const head = async () => /** @type {{ head: number }} */ (await api.get("/cases/summary")).head;
  const feed = follow({
    stream: page.stream, cursor: await head(),
    listeners: { entries: () => void refresh(), reset: () => void head().then(feed.restart).then(refresh), link: showLink },
  });
}

start().catch(complain);
