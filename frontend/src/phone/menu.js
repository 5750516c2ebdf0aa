/** What stands behind the three dots: who I am, what lies on this phone, what the city knows of my ways, and signing out. */
import { h, icon } from "../lib/dom.js";
import { t, tn } from "../lib/i18n.js";
import { both } from "../lib/time.js";
import { complain, dialog, toast } from "../lib/ui.js";

/**
 * @param {{ api: import("../lib/api.js").Api, page: PageContext, kept: import("./pack.js").KeptPack | null, free_mb: number | null,
 *   onrenew: () => Promise<void>, onposts: () => void, onsignout: () => void }} options
 */
export function openMenu({ api, page, kept, free_mb, onrenew, onposts, onsignout }) {
  const word = kept
    ? t("{size} kB · {time}", { size: Math.ceil(kept.bytes / 1024).toLocaleString(), time: both(kept.checked_at) })
    : t("not here yet");
  const key = kept?.pack.settings.push_key ?? null;
  const { box } = dialog(
    page.person,
    h("ul.menu", null,
      h("li", null, icon("download"), h("div", null, h("b", null, t("On this phone, for work without a network")),
        h("span.small", null, word), kept && h("span.small", null, [tn("{n} cell", "{n} cells", kept.pack.ground.cells.length), tn("{n} component", "{n} components", kept.pack.ground.components.length), tn("{n} class", "{n} classes", kept.pack.classes.items.length)].join(" · ")),
        free_mb !== null && h("span.small", null, t("{n} MB free for reports", { n: free_mb.toLocaleString() }))),
        h("button", { type: "button", onclick: () => close(onrenew) }, t("Renew"))),
      h("li", null, icon("footprints"), h("div", null, h("b", null, t("What is stored of my ways")), h("span.small", null, t("positions while on duty, and until when"))),
        h("button", { type: "button", onclick: () => close(() => showWays(api)) }, t("Look"))),
      key && "PushManager" in globalThis && h("li", null, icon("bell"), h("div", null, h("b", null, t("New tasks as notifications"))),
        h("button", { type: "button", onclick: () => close(() => subscribe(api, key)) }, Notification.permission === "granted" ? t("Renew") : t("Switch on"))),
      h("li", null, icon("user-round"), h("div", null, h("b", null, t("My posts"))), h("button", { type: "button", onclick: () => close(async () => onposts()) }, t("Change"))),
      h("li", null, icon("log-out"), h("div", null, h("b", null, t("Sign out"))), h("button", { type: "button", onclick: () => close(async () => onsignout()) }, t("Sign out")))),
  );

  /** @param {() => Promise<void>} then */
  function close(then) {
    box.close();
    then().catch(complain);
  }
}

/** @typedef {{ keep_days: number, fixes: number, oldest_at: string | null, newest_at: string | null, deleted_by: string | null,
 *   shifts: { id: string, began_at: string, ended_at: string | null, fixes: number, delete_on: string | null }[] }} Ways */

/** @param {import("../lib/api.js").Api} api */
async function showWays(api) {
  const ways = /** @type {Ways} */ (await api.get("/patrol/mine"));
  dialog(t("What is stored of my ways"),
    h("p", null, tn("{n} position, noted while you were on duty.", "{n} positions, noted while you were on duty.", ways.fixes), " ", tn("Each is deleted after {n} day.", "Each is deleted after {n} days.", ways.keep_days)),
    h("p", null, t("Dispatchers see where you are only while you are on duty. Nobody sees it afterwards but you; counted are only the cells you visited.")),
    ways.shifts.length > 0 && h("ul.card", null, ways.shifts.map((shift) => h("li.list-row", null, h("div", null,
      h("b", null, both(shift.began_at)), h("span.small", null, shift.ended_at ? t("until {time}", { time: both(shift.ended_at) }) : t("still on duty")),
      h("span.small", null, tn("{n} position", "{n} positions", shift.fixes), shift.delete_on && ` · ${t("deleted on {day}", { day: shift.delete_on })}`))))));
}

/** @param {import("../lib/api.js").Api} api @param {string} key */
async function subscribe(api, key) {
  if ((await Notification.requestPermission()) !== "granted") return void toast(t("The browser may not show notifications."), "fault");
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  await api.post("/push/subscriptions", { endpoint, keys });
  toast(t("New tasks come as notifications now."));
}
