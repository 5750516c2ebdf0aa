/** The inspector's phone: opens from what lies on the phone, keeps what she makes, and sends it when it can. */
import { createApi } from "../lib/api.js";
import { fill, h, icon, one } from "../lib/dom.js";
import { changePost, openFrame } from "../lib/frame.js";
import { t } from "../lib/i18n.js";
import { follow } from "../lib/live.js";
import { FINAL, stateWord } from "../lib/states.js";
import { complain, dialog, skeleton, toast } from "../lib/ui.js";
import { homeView } from "../phone/home.js";
import { openMenu } from "../phone/menu.js";
import { openOutbox } from "../phone/outbox.js";
import { packs } from "../phone/pack.js";
import { openPatrol } from "../phone/patrol.js";
import { sourceOf } from "../phone/pictures.js";
import { locate } from "../phone/position.js";
import { reportView } from "../phone/report.js";
import { keyOf, sealer } from "../phone/seal.js";
import { createSender } from "../phone/sender.js";
import { signInAgain } from "../phone/signin.js";
import { isFull, room } from "../phone/space.js";
import { openStore } from "../phone/store.js";
import { surveyView } from "../phone/survey.js";
import { folded, talks } from "../phone/talk.js";
import { taskView } from "../phone/task.js";
import { startWorker } from "../phone/worker.js";

/** @typedef {import("../phone/outbox.js").Item} Item */
/** @typedef {import("../phone/outbox.js").NewPhoto} NewPhoto */

/** An answer may be taken back for this long before it is sent. */
const HOLD_MS = 4000;
const TICK_MS = 20_000;

const { api, page } = openFrame({ unsent, onSignedOut: () => void signIn(), onLeave: forget });
const root = one("[data-view]");
const shutter = one("[data-shutter]");
const camera = /** @type {HTMLInputElement} */ (one("#camera"));
const gallery = /** @type {HTMLInputElement} */ (one("#gallery"));
const duty = /** @type {HTMLButtonElement} */ (one("[data-duty]"));
const person = page.person_id;

fill(root, skeleton(3));
const store = await openStore();
const seals = sealer(await keyOf(store));
const outbox = await openOutbox({ store, seals, onchange: () => void changed() });
// of its own: what one inspector made must not go out under a session that another has just begun
const sender = createSender({ outbox, api: createApi({ csrf: page.csrf, renews: false }) });
const pack = packs({ outbox, seals });
const talk = talks({ api, onchange(counts) {
  unread = counts;
  drawLists();
} });

/** @type {import("../phone/pack.js").KeptPack | null} */
let known = null;
/** @type {ReturnType<typeof homeView> | null} */
let home = null;
/** @type {ReturnType<typeof taskView> | null} */
let task = null;
/** @type {{ close: () => void } | null} */
let shownMap = null;
/** The map is open or on its way: the sketch keeps out of its place. */
let mapAsked = false;
/** @type {Card[]} */
let mine = [];
let sentBefore = new Set();
/** What one has not read, by case. @type {Map<string, number>} */
let unread = new Map();

// --- what waits -----------------------------------------------------------------------------------------------

async function unsent() {
  return (await outbox.items()).filter((item) => item.person === person && item.state !== "sent").length;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let drawing;
/** Draws the outbox soon: many writes in a row are one drawing. */
function changed() {
  drawing ??= setTimeout(async () => {
    drawing = undefined;
    const items = await outbox.items();
    home?.outbox(items, person);
    const sent = new Set(items.filter((item) => item.state === "sent").map((item) => item.id));
    if ([...sent].some((id) => !sentBefore.has(id))) void refresh(true);
    sentBefore = sent;
  }, 60);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;
/** @param {{ hurry?: boolean }} [options] */
async function send(options) {
  clearTimeout(again);
  const done = await sender.flush(options);
  if (done?.signedOut) return signIn();
  if (done === null) return void (again = setTimeout(send, 1000));
  const wait = done.again_at ? done.again_at - Date.now() : TICK_MS;
  again = setTimeout(send, Math.max(500, Math.min(wait, 10 * 60_000)));
}

let signedOut = false;
/** Asks for the password, but not while something is in hand: then when she is back on the first screen. */
async function signIn() {
  signedOut = true;
  if (!home) return;
  if (await signInAgain(api, page.username, await unsent())) {
    signedOut = false;
    await send({ hurry: true });
    void refresh();
  }
}

/**
 * Into the outbox, then on its way. True once it is safe: on the phone's disk, or, where the phone keeps nothing, at
 * the server.
 * @param {Omit<Item, "photos" | "tries">} item @param {NewPhoto[]} photos
 */
async function submit(item, photos) {
  try {
    await outbox.save(item, photos);
  } catch (error) {
    toast(isFull(error) ? t("This phone is full: the report is not kept yet.") : t("This phone could not keep the report."), "fault", t("Free some room, then press Submit again. Leave this screen open."));
    return false;
  }
  if (store.lasting) {
    void worker?.askToSend();
    void send({ hurry: true }).catch(complain);
    if (item.hold_until) return true;
    toast(t("Saved on this phone; it is being sent."));
    return true;
  }
  await send({ hurry: true });
  const stands = await outbox.item(item.id);
  if (stands?.state === "sent") return true;
  toast(stands?.fault?.message ?? t("Not sent: there is no connection."), "fault", t("This browser keeps nothing, so the report must be sent from this screen. Press Submit again."));
  await outbox.discard(item.id);
  return false;
}

/** An answer is one tap: for a few seconds it can be taken back. @param {Omit<Item, "photos" | "tries">} item @param {NewPhoto[]} photos @param {() => void} back */
async function answer(item, photos, back) {
  const hold_until = store.lasting ? Date.now() + HOLD_MS : undefined;
  if (!(await submit({ ...item, hold_until }, photos))) return false;
  if (!hold_until) return true;
  const note = toast(t("Saved; it is sent in a moment."));
  const undo = h("button", { type: "button", onclick: async () => {
    if ((await outbox.item(item.id))?.state !== "waiting") return;
    await outbox.discard(item.id);
    note.remove();
    back();
  } }, t("Take back"));
  note.append(undo);
  setTimeout(() => note.remove(), HOLD_MS);
  return true;
}

// --- views ----------------------------------------------------------------------------------------------------

function leaveView() {
  home = task = null;
  shownMap?.close();
  shownMap = null;
  mapAsked = false;
}

function goHome() {
  leaveView();
  shutter.hidden = false;
  home = homeView({
    root, ontask: openTask, onsurvey: openSurvey, onopen: (item) => void reopen(item).catch(complain), ondiscard: (item) => void discard(item), ontalk: (card) => void talk.sheet(card),
    onsend: () => void send({ hurry: true }).catch(complain), onmap: () => home && void showMap(home), played, voiceUrl: api.voiceUrl,
  });
  drawNow();
  changed();
  void refresh();
  void lookAtRoom();
  if (signedOut) void signIn();
  scrollTo(0, 0);
}

/** A voice note that lies on the phone, for a player. @param {Item} item */
async function played(item) {
  const voice = item.photos.find((photo) => photo.kind === "voice");
  const blob = voice && (await outbox.photo(voice.id));
  return blob ? URL.createObjectURL(blob) : "";
}

/** @type {number | undefined} */
let listing;
/** Draws the lists with the next picture: pack, reports and words that come one after the other are one drawing. */
function drawLists() {
  listing ??= requestAnimationFrame(() => {
    listing = undefined;
    drawNow();
  });
}

function drawNow() {
  if (!home) return;
  if (known) home.tasks(known.pack.tasks, known.pack.surveys, unread);
  if (known && !mapAsked) home.sketch(known.pack);
  home.mine(mine, unread);
}

/** The map in the sketch's place. @param {NonNullable<typeof home>} here */
async function showMap(here) {
  if (!known) return;
  mapAsked = true;
  try {
    const map = await openMap(here.mapPlace(), {});
    if (home !== here) map.close();
    else shownMap = map;
  } catch {
    if (home === here) mapAsked = false;
    here.sketch(known.pack);
    toast(t("The map could not be drawn."), "fault");
  }
}

/** @param {HTMLElement} element @param {{ placing?: boolean }} options */
async function openMap(element, options) {
  if (!known) throw new Error("no pack");
  const [{ openPhoneMap }, settings] = await Promise.all([import("../phone/map.js"), mapSettings()]);
  return openPhoneMap({ element, layers: page.layers, settings, style: page.map_style, pack: known.pack, api, ...options });
}

/** @returns {Promise<MapSettings | null>} */
async function mapSettings() {
  try {
    return navigator.onLine ? await api.get("/map/settings") : null;
  } catch {
    return null;
  }
}

/** @param {File[]} files @param {"camera" | "gallery" | "unknown"} source @param {Promise<import("../phone/ground.js").Spot>} [spot] */
function newReport(files, source, spot) {
  spot?.catch(() => {});
  held = { files: files.map((file) => ({ file, source })), spot };
  if (known) return goOn();
  toast(t("One moment: the list of classes is being fetched. Your photo is kept."));
  void refresh();
}

/** A photograph that was taken before the first pack had come. @type {import("../phone/report.js").Start | null} */
let held = null;

function goOn() {
  const start = held;
  held = null;
  if (start) showReport({ start });
}

/** @param {Pick<Parameters<typeof reportView>[0], "start" | "draft" | "draftPhotos">} what */
function showReport(what) {
  if (!known) return;
  leaveView();
  shutter.hidden = true;
  let ids = "";
  reportView({
    root, pack: known.pack, api, person, openMap, onsend: submit, onleave: goHome, ...what,
    async onkeep(item, photos) {
      // photographs are sealed anew only when there are others
      const now = photos.map((photo) => photo.id).join();
      if (!store.lasting) return;
      if (now === ids) await outbox.mark(item.id, item);
      else await outbox.save(item, photos);
      ids = now;
    },
  });
  focusTitle();
}

/** @param {PhoneTask} chosen @param {{ draft?: Item, draftPhotos?: import("../phone/pictures.js").Picture[] }} [again] */
function openTask(chosen, again = {}) {
  if (!known) return;
  leaveView();
  shutter.hidden = true;
  task = taskView({ root, api, task: chosen, settings: known.pack.settings, person, talk: folded(talk.part(chosen.case), unread.get(chosen.case.id) ?? 0), onleave: goHome, onsend: (item, photos) => answer(item, photos, () => openTask(chosen)), ...again });
  focusTitle();
}

/** @param {SurveyTask} chosen */
function openSurvey(chosen) {
  if (!known) return;
  leaveView();
  shutter.hidden = true;
  surveyView({ root, task: chosen, settings: known.pack.settings, person, onleave: goHome, onsend: (item, photos) => answer(item, photos, () => openSurvey(chosen)) });
  focusTitle();
}

function focusTitle() {
  scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (root.querySelector("h1"))?.focus({ preventScroll: true });
}

/** A draft to go on with, or a report that the server refused. @param {Item} item */
async function reopen(item) {
  const draftPhotos = (await Promise.all(item.photos.map(async ({ id, kind, meta }) => {
    const blob = await outbox.photo(id);
    return blob && { id, kind, meta, blob, url: URL.createObjectURL(blob) };
  }))).filter((photo) => photo !== null);
  if (item.kind === "report" || item.kind === "self_handled") return showReport({ draft: item, draftPhotos });
  const asked = known?.pack.tasks.find((one) => one.id === item.task_id);
  if (item.kind === "answer" && asked) return openTask(asked, { draft: item, draftPhotos });
  const { box } = dialog(item.title, h("p", null, item.fault?.message ?? ""), h("p", null, item.fault?.mend ?? ""),
    h("div.actions", null,
      h("button.primary", { type: "button", onclick: () => box.close("send") }, t("Send again")),
      item.kind === "join" && h("button", { type: "button", onclick: () => box.close("report") }, t("Report it as new"))));
  box.addEventListener("close", async () => {
    if (box.returnValue === "send") {
      await outbox.mark(item.id, { state: "waiting", fault: undefined, tries: 0 });
      await send({ hurry: true });
    } else if (box.returnValue === "report") showReport({ draft: { ...item, kind: "report", state: "needs" }, draftPhotos });
  });
}

/** @param {Item} item */
async function discard(item) {
  const { box, closed } = dialog(
    t("Discard {title}?", { title: item.title }), h("p", null, t("Its photos and text are deleted from this phone.")),
    h("div.actions", null, h("button.danger", { type: "button", onclick: () => box.close("yes") }, t("Discard")), h("button", { type: "button", onclick: () => box.close("") }, t("Keep"))));
  if ((await closed) === "yes") await outbox.discard(item.id);
}

// --- before a photograph is taken -------------------------------------------------------------------------------

/** A phone that cannot keep a report says so before its camera opens. */
async function lookAtRoom() {
  const { state, free_mb } = await room();
  const full = store.lasting && state === "full";
  camera.disabled = gallery.disabled = full;
  if (!home) return;
  const words = !store.lasting
    ? [t("This browser keeps nothing for the app."), t("Reports are sent at once and only with a network. Allow storage, or leave private browsing.")]
    : full
      ? [t("This phone is full: no photo can be kept."), t("Delete something first, then come back here.")]
      : state === "low" ? [t("Little room is left on this phone: {n} MB.", { n: free_mb ?? 0 }), ""] : null;
  fill(home.notices, words && h("p.notice", { role: "alert", class: full ? "stop" : "" }, icon("triangle-alert"), h("span", null, h("b", null, words[0]), " ", words[1])));
}

// --- what the server knows ----------------------------------------------------------------------------------------

/** @type {Promise<void> | null} */
let refreshing = null;
let wanted = false;
/** The pack and my reports, anew; one at a time, and once more if news came meanwhile. @param {boolean} [news] */
function refresh(news = false) {
  if (refreshing) wanted ||= news;
  refreshing ??= renew().finally(() => {
    refreshing = null;
    if (wanted) void refresh();
    wanted = false;
  });
  return refreshing;
}

async function renew() {
  try {
    const first = !known;
    known = await pack.renew();
    if (first && held) goOn();
    drawLists();
    mine = /** @type {Page<Card>} */ (await api.get("/cases", { queue: "mine", limit: 8 })).items;
    drawLists();
    await talk.refresh();
    if (task && !known.pack.tasks.some((one) => one.case.id === task?.case_id)) void tellMovedOn(task.case_id);
  } catch {
    // without a network what lies on the phone stands
  }
}

/** @param {string} case_id @param {string} [state] */
async function tellMovedOn(case_id, state) {
  const now = state ?? /** @type {CaseOut | null} */ (await api.get(`/cases/${case_id}`).catch(() => null))?.state;
  if (task?.case_id === case_id) task.movedOn(now ? stateWord(now) : t("not yours any more"));
}

/** @param {Entry[]} entries */
function heard(entries) {
  talk.heard(entries);
  for (const { case_id, card, gone } of entries) {
    if (task?.case_id !== case_id) continue;
    if (gone || !card || FINAL.includes(card.state) || !["verifying", "checking"].includes(card.state)) void tellMovedOn(case_id, card?.state);
  }
  void refresh(true);
}

async function listen() {
  const head = async () => /** @type {{ head: number }} */ (await api.get("/cases/summary")).head;
  const feed = follow({ stream: page.stream, cursor: await head(), listeners: { entries: heard, reset: () => void head().then(feed.restart).then(() => refresh(true)), link: () => {} } });
  // what happened between loading and the cursor is in no entry that will come
  void refresh(true);
}

// --- the frame ------------------------------------------------------------------------------------------------

/** @param {HTMLInputElement} input @param {(file: File) => "camera" | "gallery" | "unknown"} sourceFor */
function hand(input, sourceFor) {
  let asked_at = 0;
  /** @type {Promise<import("../phone/ground.js").Spot> | undefined} */
  let spot;
  input.addEventListener("click", () => {
    asked_at = Date.now();
    // the position is looked for while the photograph is taken
    spot = locate();
    spot.catch(() => {});
  });
  const take = () => {
    const files = [...(input.files ?? [])];
    if (!files.length) return;
    input.value = "";
    newReport(files, input === camera ? sourceOf(files[0], asked_at) : sourceFor(files[0]), spot);
  };
  input.addEventListener("change", take);
  // a picture that was taken before this script had come
  take();
}

function showDuty(/** @type {import("../phone/patrol.js").Shift} */ { on }) {
  duty.setAttribute("aria-pressed", String(on));
  fill(duty, h("span.duty-mark"), on ? t("On duty") : t("Off duty"));
}

/** @type {Awaited<ReturnType<typeof startWorker>> | null} */
let worker = null;

/** What was hers to see leaves the phone with her; what waits to be sent stays, sealed. */
async function forget() {
  await pack.forget();
  await worker?.forget();
}

async function start() {
  await outbox.takeOver(person);
  known = await pack.load();
  sentBefore = new Set((await outbox.items()).filter((item) => item.state === "sent").map((item) => item.id));
  goHome();
  hand(camera, () => "unknown");
  hand(gallery, () => "gallery");
  if (!known) await refresh();
  const patrol = await openPatrol({ outbox, seals, api, person, onchange: showDuty, rate: () => known?.pack.settings.track ?? { every_s: 30, least_m: 15, worst_accuracy_m: 100, fixes_at_most: 500, keep_days: 0 } });
  duty.addEventListener("click", () => void patrol.toggle().catch(complain));
  one("[data-menu]").addEventListener("click", async () => openMenu({
    api, page, kept: known, free_mb: (await room()).free_mb, onrenew: async () => {
      await refresh();
      toast(t("What lies on this phone is up to date."));
    }, onposts: () => void changePost(api).catch(complain), onsignout: () => one("[data-logout]").click(),
  }));
  const wake = () => {
    if (document.visibilityState !== "visible") return;
    void send({ hurry: true }).catch(complain);
    void patrol.send();
    void lookAtRoom();
  };
  for (const event of ["online", "focus"]) addEventListener(event, wake);
  document.addEventListener("visibilitychange", wake);
  worker = await startWorker(page.worker, {
    idle: () => home !== null,
    onopen: (hash) => openByHash(hash),
  });
  void navigator.storage?.persist?.();
  wake();
  openByHash(location.hash);
  await listen().catch(() => addEventListener("online", () => void listen().catch(() => {}), { once: true }));
}

/** "#task-12" or "#case-…", from a notification. @param {string} hash */
function openByHash(hash) {
  const [, named] = /^#case-([0-9a-f-]{36})$/.exec(hash) ?? [];
  if (named && home) api.get(`/cases/${named}`).then((item) => talk.sheet(/** @type {CaseOut} */ (item)), complain);
  const asked = known?.pack.tasks.find((one) => hash === `#task-${one.id}`);
  if (asked && home) openTask(asked);
}

start().catch(complain);
