/** What is said on a case: the newest words, earlier ones on demand, and a line to write. For desk and phone. */
import { photoPicker } from "./desk/photos.js";
import { fill, h, icon } from "./dom.js";
import { t, tn } from "./i18n.js";
import { both } from "./time.js";
import { busy, failed, skeleton } from "./ui.js";

/**
 * @typedef {{ name: string, post: string, organisation: string }} Signature
 * @typedef {{ id: string, case_seq: number, at: string, by: Signature, own: boolean, text: string, photos: string[],
 *   mentions: Signature[], mentions_me: boolean }} Message
 * @typedef {{ items: Message[], next: number | null, unread: number, read_upto: number }} MessagePage
 * @typedef {Signature & { id: number }} Nameable
 */

const LOOK_AGAIN_MS = 200;

/** @param {Signature} who */
const signed = (who) => who.name || [who.organisation, who.post].join(" ");

/**
 * @param {{ api: import("./api.js").Api, caseId: string, writes: boolean, onread?: () => void }} options
 * writes   the post may say something; else the words are only shown
 */
export function conversation({ api, caseId, writes, onread = () => {} }) {
  const path = `/cases/${caseId}/messages`;
  /** @type {Message[]} */
  let known = [];
  /** @type {number | null} */
  let earlier = null;
  let read = 0;
  const fresh = h("span.chip.talk-new", { hidden: true });
  const list = h("ol.talk-list", { "aria-live": "polite" });
  const back = h("button.bare.talk-earlier", { type: "button", hidden: true, onclick: () => busy(back, () => load({ before: earlier ?? 0 })) }, t("Earlier messages"));
  const element = h("section.talk", { "aria-label": t("Conversation") }, h("h3", null, t("Conversation"), " ", fresh), back, list);
  if (writes) element.append(composer());

  const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && markRead());

  /** @param {{ before?: number, after?: number }} [query] */
  async function load(query = {}) {
    const page = /** @type {MessagePage} */ (await api.get(path, query));
    const held = new Set(known.map((message) => message.id));
    known = [...known, ...page.items.filter((message) => !held.has(message.id))].sort((a, b) => a.case_seq - b.case_seq);
    if (query.after === undefined) earlier = page.next;
    read = Math.max(read, page.read_upto);
    draw();
  }

  function draw() {
    back.hidden = earlier === null;
    const unread = known.filter((message) => !message.own && message.case_seq > read).length;
    fresh.hidden = !unread;
    fill(fresh, tn("{n} new", "{n} new", unread));
    fill(list, known.length ? known.map(line) : h("li.quiet.small", null, writes ? t("Nothing said yet. Ask here, and everybody who works on the case reads it.") : t("Nothing was said.")));
    seen.disconnect();
    if (unread && list.lastElementChild) seen.observe(list.lastElementChild);
  }

  /** @param {Message} message */
  function line(message) {
    return h("li.talk-line", { class: [message.own ? "own" : "", !message.own && message.case_seq > read ? "new" : ""].filter(Boolean).join(" "), "data-message": message.id },
      h("div.small.quiet", null, h("b", null, message.own ? t("I") : signed(message.by)), message.by.name && !message.own && ` · ${message.by.post}`, " · ", both(message.at)),
      message.text && h("p", null, message.text),
      message.mentions.length > 0 && h("p.small", null, message.mentions.map((who) => h("span.chip", null, `@${signed(who)}`))),
      message.photos.length > 0 && h("ul.photos", null, message.photos.map((id) => h("li", null,
        h("a.photo", { href: api.photoUrl(id, "full"), target: "_blank", rel: "noopener" }, h("img", { src: api.photoUrl(id, "thumb"), alt: t("Photo"), loading: "lazy", width: 160, height: 120 }))))));
  }

  async function markRead() {
    const upto = known.at(-1)?.case_seq ?? 0;
    if (upto <= read) return;
    await api.post(`${path}/read`, { upto }).then(() => {
      read = upto;
      seen.disconnect();
      onread();
    }, () => {});
  }

  function composer() {
    /** The message in the making keeps its id until the server has it: pressed twice, it is one. */
    let id = crypto.randomUUID();
    /** @type {Nameable[]} */
    let named = [];
    const text = h("textarea", { id: `talk-${caseId}`, rows: 2, maxlength: 2000, placeholder: t("Write to those who work on this case") });
    let picker = photoPicker({ label: t("Photo") });
    const shelf = h("div", null, picker.element);
    const chips = h("div.choices.talk-named");
    const fault = h("p.fault", { role: "alert", hidden: true });
    const send = h("button.primary", null, icon("send"), t("Send"));
    const at = h("button", { type: "button", onclick: () => busy(at, name) }, icon("at-sign"), t("Name somebody"));
    const choices = h("div.choices.column.talk-people", { hidden: true });
    const form = h("form.talk-form", { novalidate: true },
      h("label.visually-hidden", { for: text.id }, t("Message")), text, chips, choices, shelf, fault, h("div.actions", null, send, at));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void busy(send, say);
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      if (event.key === "@" && choices.hidden) void name();
    });

    async function name() {
      if (!choices.hidden) return void (choices.hidden = true);
      const { items } = /** @type {{ items: Nameable[] }} */ (await api.get(`/cases/${caseId}/people`));
      choices.hidden = false;
      fill(choices, items.length ? items.map((who) => h("button", { type: "button", onclick: () => add(who) }, h("b", null, signed(who)), who.name && h("span.small.quiet", null, [who.post, who.organisation].join(" · ")))) : h("p.quiet", null, t("Nobody else sees this case now.")));
    }

    /** @param {Nameable} who */
    function add(who) {
      if (!named.some((one) => one.id === who.id)) named.push(who);
      choices.hidden = true;
      if (text.value.endsWith("@")) text.value = text.value.slice(0, -1);
      drawNamed();
      text.focus();
    }

    function drawNamed() {
      fill(chips, named.map((who) => h("button.chip", { type: "button", "aria-label": t("Do not name {name}", { name: signed(who) }), onclick: () => {
        named = named.filter((one) => one !== who);
        drawNamed();
      } }, `@${signed(who)}`, icon("x"))));
    }

    async function say() {
      fault.hidden = true;
      const photos = picker.photos();
      if (!text.value.trim() && !photos.length) return void text.focus();
      try {
        for (const photo of photos) await api.photo(photo.id, photo.blob, "other");
        const said = /** @type {Message} */ (await api.post(path, { id, text: text.value, photos: photos.map((photo) => photo.id), mentions: named.map((who) => who.id) }));
        known = [...known.filter((message) => message.id !== said.id), said];
      } catch (error) {
        fault.hidden = false;
        return void fill(fault, error instanceof Error ? error.message : "", " ", /** @type {{ mend?: string }} */ (error).mend ?? "");
      }
      id = crypto.randomUUID();
      named = [];
      text.value = "";
      picker = photoPicker({ label: t("Photo") });
      fill(shelf, picker.element);
      drawNamed();
      draw();
    }

    return form;
  }

  async function open() {
    fill(list, h("li", null, skeleton(2)));
    await load().catch((error) => fill(list, h("li", null, failed(error, () => void open()))));
  }
  void open();

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  return {
    element,
    /** The journal has an entry of this case: several at once are one look. @param {Entry} entry */
    heard(entry) {
      if (entry.verb !== "message") return;
      soon ??= setTimeout(() => {
        soon = undefined;
        void load({ after: known.at(-1)?.case_seq ?? 0 }).catch(() => {});
      }, LOOK_AGAIN_MS);
    },
    stop: () => seen.disconnect(),
  };
}
