/** A survey (专项普查) of one cell: each known component is present, damaged or missing, and others are counted. */
import { fill, h, icon } from "../lib/dom.js";
import { isChinese, t, tn } from "../lib/i18n.js";
import { distanceLine } from "./task.js";
import { pictures } from "./pictures.js";

/** @typedef {"present" | "damaged" | "missing"} Tick */

/**
 * @param {{ root: HTMLElement, task: SurveyTask, settings: PackSettings, person: number,
 *   onsend: (item: Omit<import("./outbox.js").Item, "photos" | "tries">, photos: import("./outbox.js").NewPhoto[]) => Promise<boolean>, onleave: () => void }} options
 */
export function surveyView({ root, task, settings, person, onsend, onleave }) {
  const id = crypto.randomUUID();
  /** @type {Record<string, Tick>} */
  const ticks = {};
  let extra = 0;
  /** @type {import("./ground.js").Spot | null} */
  let spot = null;
  const shots = pictures({ kind: "other", label: t("Photo"), most: settings.photos_at_most, onchange: () => {} });
  const list = h("ul.card.ticks");
  const counted = h("p.counted", { "aria-live": "polite" });
  const more = h("div.stepper");
  const note = h("textarea", { id: "survey-note", rows: 2, maxlength: 2000 });
  const submit = h("button.primary.large", { type: "button", onclick: () => send(false) });
  const standing = () => Object.values(ticks).filter((tick) => tick !== "missing").length;
  const title = isChinese() ? task.class_name : task.class_name_en || task.class_name;
  fill(root, h("div.report", null,
    h("header.sub-head", null, h("button.bare", { type: "button", "aria-label": t("Back"), onclick: onleave }, icon("chevron-left")), h("h1", { tabindex: "-1" }, t("Survey"))),
    h("section.facts", null, h("h2", null, task.title), h("p", null, `${title} · ${t("Cell {code}", { code: task.cell_code.slice(-6) })}`), task.note && h("p", null, task.note),
      distanceLine(task, settings.far_m, (found) => (spot = found))),
    h("section", null, h("button.large", { type: "button", disabled: !task.components.length, onclick: all }, icon("list-checks"), tn("{n} stands here: present", "All {n} are present", task.components.length)), list),
    h("section", null, h("h2", null, t("Others, not on the list")), more, counted),
    h("section", null, shots.element),
    h("details.more", null, h("summary", null, t("Add a note")), h("label", { for: note.id }, t("Note")), note,
      h("button", { type: "button", onclick: () => send(true) }, t("Cannot tell: not accessible"))),
    h("div.submit-bar", null, submit)));
  draw();

  /** @param {string} code @param {Tick} tick */
  function set(code, tick) {
    ticks[code] = tick;
    draw();
  }

  function all() {
    for (const { code } of task.components) ticks[code] ??= "present";
    draw();
  }

  /** @param {number} by */
  function count(by) {
    extra = Math.max(0, extra + by);
    draw();
  }

  function draw() {
    /** @type {[Tick, string][]} */
    const words = [["present", t("present")], ["damaged", t("damaged")], ["missing", t("missing")]];
    fill(list, task.components.map(({ code }, i) => h("li", { role: "radiogroup", "aria-label": t("No. {n}, {code}", { n: i + 1, code }) },
      h("span.small", null, `${i + 1} · ${code.slice(-6)}`),
      h("div.choices", null, words.map(([tick, word]) => h("button.tick", { type: "button", role: "radio", "aria-checked": String(ticks[code] === tick), class: tick, onclick: () => set(code, tick) }, word))))));
    fill(more, h("button", { type: "button", "aria-label": t("One fewer"), disabled: extra === 0, onclick: () => count(-1) }, icon("minus")), h("b", { "aria-live": "polite" }, String(extra)),
      h("button", { type: "button", "aria-label": t("One more"), onclick: () => count(1) }, icon("plus")));
    const open = task.components.length - Object.keys(ticks).length;
    fill(counted, tn("{n} counted", "{n} counted", standing() + extra), open > 0 && ` · ${tn("{n} not looked at yet", "{n} not looked at yet", open)}`);
    submit.disabled = open > 0;
    fill(submit, icon("send"), t("Send count"));
  }

  /** @param {boolean} cannot_tell */
  async function send(cannot_tell) {
    const photos = shots.list();
    submit.disabled = true;
    const sent = await onsend({
      id, person, saved_at: new Date().toISOString(), state: "waiting", kind: "count", task_id: task.id, title: `${t("Survey")} · ${title}`,
      body: {
        id, counted: standing() + extra, ticks, extra, cannot_tell, note: note.value.trim(), photos: photos.map((photo) => photo.id),
        device_at: new Date().toISOString(), lon: spot?.lon ?? null, lat: spot?.lat ?? null, datum: "wgs84", accuracy_m: spot?.accuracy_m ?? null,
      },
    }, photos);
    if (sent) return onleave();
    draw();
  }
}
