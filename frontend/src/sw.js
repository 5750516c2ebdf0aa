/**
 * The service worker of the phone: keeps the app's own files so that it opens without a network, and sends the
 * outbox when the browser wakes it. `self.SHELL` is put in front of this file by the server: version, files, page.
 *
 * The page itself is asked of the network first and taken from the phone when the network does not answer in time;
 * files carry their content's hash and are taken from the phone first. Nothing else is touched: data is the page's work.
 */
import { createApi } from "./lib/api.js";
import { openOutbox } from "./phone/outbox.js";
import { keyOf, sealer } from "./phone/seal.js";
import { createSender } from "./phone/sender.js";
import { openStore } from "./phone/store.js";

/** @typedef {{ version: string, page: string, files: string[] }} Shell */
const worker = /** @type {any} */ (self);
const { version, page, files } = /** @type {Shell} */ (worker.SHELL);
const FILES = `gridcity-files-${version}`;
const PAGES = "gridcity-pages";
/** Longer than this a page that lies on the phone is not kept waiting for. */
const PATIENCE_MS = 2500;

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(Promise.all([keepFiles(), keepPage()])));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(dropOldFiles()));
worker.addEventListener("message", (/** @type {any} */ event) => event.data === "take-over" && worker.skipWaiting());
worker.addEventListener("sync", (/** @type {any} */ event) => event.tag === "outbox" && event.waitUntil(sendAll()));
worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(notify(event.data?.json() ?? {})));
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data ?? page));
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (pathname === page) event.respondWith(freshPage(request));
  } else if (files.includes(pathname)) event.respondWith(keptFile(request));
});

async function keepFiles() {
  const cache = await caches.open(FILES);
  // a file that another version brought already is not fetched again: its name is its content
  await Promise.all(files.map(async (file) => {
    const known = await caches.match(file);
    if (known) await cache.put(file, known);
    else await cache.add(new Request(file, { credentials: "same-origin" }));
  }));
}

/** The first visit was before our time: the page is fetched once more, so that it opens without a network from now on. */
const keepPage = async () => keepIfGood(await fetch(page, { credentials: "same-origin" }));

/** A sign-in page or a fault is never kept in the page's place. @param {Response} response */
async function keepIfGood(response) {
  if (response.ok && !response.redirected) await (await caches.open(PAGES)).put(page, response.clone());
  return response;
}

async function dropOldFiles() {
  const old = (await caches.keys()).filter((name) => name.startsWith("gridcity-files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {Request} request */
const keptFile = async (request) => (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);

/** @param {Request} request @returns {Promise<Response>} */
async function freshPage(request) {
  const kept = await (await caches.open(PAGES)).match(page);
  const asked = fetch(request).then(keepIfGood);
  if (!kept) return asked;
  const late = new Promise((done) => setTimeout(() => done(kept), PATIENCE_MS));
  return Promise.race([asked.catch(() => kept), late]);
}

/** Rejects while something waits, so that the browser wakes us again. */
async function sendAll() {
  const store = await openStore();
  if (!store.lasting) return;
  const outbox = await openOutbox({ store, seals: sealer(await keyOf(store)) });
  const done = await createSender({ outbox, api: createApi({ csrf: "", renews: false }) }).flush();
  if (done && done.left && !done.signedOut) throw new Error(`${done.left} left to send`);
}

/** @param {{ title?: string, body?: string, tag?: string, url?: string }} message */
const notify = ({ title = "GridCity", body, tag, url }) =>
  worker.registration.showNotification(title, { body, tag, data: url, icon: files.find((name) => name.includes("/mark")) });

/** @param {string} url */
async function show(url) {
  const target = new URL(url, location.origin);
  const open = (await worker.clients.matchAll({ type: "window", includeUncontrolled: true }))
    .find((/** @type {any} */ one) => new URL(one.url).pathname === target.pathname);
  if (!open) return worker.clients.openWindow(target.href);
  open.postMessage({ open: target.hash });
  return open.focus();
}
