/** What every page has around it: language, post, sign-out, link state. */
import { createApi } from "./api.js";
import { context } from "./context.js";
import { fill, h, icon, useSprite } from "./dom.js";
import { named, t, tn } from "./i18n.js";
import { clockOf, secondsOf } from "./time.js";
import { busy, complain, dialog } from "./ui.js";

/**
 * @typedef {{ unsent?: () => Promise<number>, onSignedOut?: () => void, onLeave?: () => Promise<void> }} FrameOptions
 * onSignedOut   instead of the way to the sign-in page; onLeave: after she has signed out herself
 */

/** @param {FrameOptions} [options] */
export function openFrame({ unsent, onSignedOut, onLeave } = {}) {
  const page = context();
  useSprite(page.icons);
  const toLogin = () => location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  const api = createApi({ csrf: page.csrf, onSignedOut: onSignedOut ?? (page.page === "login" ? undefined : toLogin) });

  document.querySelector("[data-language-form]")?.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (!button || !page.role || form.dataset.kept) return;
    event.preventDefault();
    form.dataset.kept = "yes";
    api.patch("/me", { language: button.value }).catch(complain).finally(() => form.requestSubmit(button));
  });

  document.querySelector("[data-logout]")?.addEventListener("click", async (event) => {
    const waiting = unsent ? await unsent() : 0;
    if (waiting && !(await confirmLeaving(waiting))) return;
    await busy(/** @type {HTMLButtonElement} */ (event.currentTarget ?? event.target), () => api.remove("/session"));
    await onLeave?.();
    location.assign("/login/");
  });

  document.querySelector("[data-posts]")?.addEventListener("click", () => changePost(api).catch(complain));
  return { api, page };
}

/** @param {number} waiting */
async function confirmLeaving(waiting) {
  const { box, closed } = dialog(
    t("Not everything is sent"),
    h("p", null, tn("{n} report on this phone has not reached the server.", "{n} reports on this phone have not reached the server.", waiting)),
    h("p", null, t("It stays here and is sent when you sign in again on this phone.")),
    h("div.actions", null,
      h("button.primary", { type: "button", onclick: () => box.close("") }, t("Stay and send")),
      h("button.danger", { type: "button", onclick: () => box.close("leave") }, t("Sign out all the same"))),
  );
  return (await closed) === "leave";
}

/** @param {import("./api.js").Api} api */
export async function changePost(api) {
  const me = /** @type {Me} */ (await api.get("/me"));
  const choose = async (/** @type {PostOut} */ post) => {
    const changed = /** @type {Me} */ (await api.patch("/me", { post_id: post.id }));
    location.assign(changed.home);
  };
  dialog(
    t("Your posts"),
    h("p.quiet", null, `${me.name} · ${me.username}`),
    h("ul.posts", null, me.posts.map((post) => h("li", null,
      h("button", {
        type: "button", "aria-current": post.id === me.post?.id, onclick: () => choose(post).catch(complain),
      }, post.id === me.post?.id ? icon("check") : null, h("span", null, h("span.strong", null, post.title), " ", h("span.quiet", null, named(post.organisation))))))),
  );
}

/** The live mark in the top bar and the banner under it. @param {import("./live.js").LinkState} link */
export function showLink(link) {
  const mark = document.querySelector("[data-live]");
  const banner = /** @type {HTMLElement | null} */ (document.querySelector("[data-banner]"));
  if (mark) {
    mark.className = `live ${link.live ? "on" : "off"}`;
    fill(mark, link.live ? t("live") : t("not live"), " ", link.last && h("time", null, secondsOf(link.last)));
  }
  if (!banner) return;
  const lost = !link.live && link.since;
  banner.hidden = !lost;
  if (!lost || banner.dataset.since === String(+lost)) return;
  banner.dataset.since = String(+lost);
  banner.className = "banner";
  fill(banner, icon("unplug"), link.refused
    ? t("You may no longer follow this stream. Sign in again.")
    : t("Connection lost since {time}. What you see may be old; it goes on by itself.", { time: clockOf(lost) }));
}
