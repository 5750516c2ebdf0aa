/** The service worker from the page's side: started, asked to send, and changed for a newer one only when nothing is in hand. */
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { toast } from "../lib/ui.js";

/**
 * @param {string} address
 * @param {{ idle: () => boolean, onopen: (hash: string) => void }} options idle: may the page be loaded anew now?
 */
export async function startWorker(address, { idle, onopen }) {
  if (!navigator.serviceWorker) return null;
  navigator.serviceWorker.addEventListener("message", ({ data }) => data?.open && onopen(data.open));
  let changing = false;
  navigator.serviceWorker.addEventListener("controllerchange", () => changing && location.reload());
  const registration = await navigator.serviceWorker.register(address, { scope: location.pathname, updateViaCache: "none" }).catch(() => null);
  if (!registration) return null;

  /** @param {ServiceWorker} fresh */
  function takeOver(fresh) {
    changing = true;
    fresh.postMessage("take-over");
  }

  function offer() {
    const fresh = registration?.waiting;
    if (!fresh || !registration?.active) return;
    const note = toast(t("A newer version of this app is ready. Nothing of yours is lost."));
    note.append(h("button", { type: "button", onclick: () => takeOver(fresh) }, t("Use it")));
  }

  // one that came while the app was closed is used at once: nothing is in hand yet
  if (registration.waiting && idle()) takeOver(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh?.addEventListener("statechange", () => fresh.state === "installed" && offer());
  });

  return {
    /** The page that lies on the phone bears a name. */
    forget: async () => void (await caches.delete("gridcity-pages")),
    /** The browser may send what waits even when the page is closed. */
    askToSend: async () => /** @type {any} */ (await navigator.serviceWorker.ready).sync?.register("outbox").catch(() => {}),
  };
}
