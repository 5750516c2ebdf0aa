/** The rule editor: rules with their accuracy, the matrix, and a draft that is replayed before it takes force. */
import { fill, h, icon, one } from "../lib/dom.js";
import { openFrame } from "../lib/frame.js";
import { t } from "../lib/i18n.js";
import { effectView } from "../lib/rules/effect.js";
import { matrixView } from "../lib/rules/matrix.js";
import { ruleDialog, rulesTable } from "../lib/rules/table.js";
import { both } from "../lib/time.js";
import { busy, complain, dialog, empty, failed, skeleton, toast } from "../lib/ui.js";

/** @typedef {import("../lib/rules/table.js").Rule} Rule @typedef {import("../lib/rules/table.js").Change} Change @typedef {import("../lib/rules/table.js").Asked} Asked */
/** @typedef {{ id: number, name: string, state: string, version: number, changes: Change[], takes_force_at: string | null }} Draft */

const { api } = openFrame();
const body = one("[data-body]");
const DAYS = 90;

/** @type {Rule[]} */
let rules = [];
/** @type {Named[]} */
let organisations = [];
/** @type {Draft[]} */
let drafts = [];
/** @type {Draft | null} */
let draft = null;
let view = "rules";
const TABS = /** @type {[string, string][]} */ ([["rules", t("Rules")], ["matrix", t("Matrix")], ["effect", t("Effect of the draft")]]);

async function load() {
  const [found, listed, known] = await Promise.all([api.get("/routing/rules", { days: DAYS }), api.get("/routing/drafts"), api.get("/organisations")]);
  rules = /** @type {{ items: Rule[] }} */ (found).items;
  drafts = /** @type {{ items: Draft[] }} */ (listed).items;
  organisations = /** @type {{ items: Named[] }} */ (known).items;
  draft = drafts.find((each) => each.id === draft?.id && each.state === "draft") ?? null;
  draw();
}

function draw() {
  fill(one("[data-tabs]"), TABS.map(([id, word]) => h("button", { type: "button", role: "tab", "aria-selected": String(id === view), disabled: id === "effect" && !draft, onclick: () => {
    view = id;
    draw();
  } }, word)));
  drawDraft();
  show().catch((error) => fill(body, failed(error, draw)));
}

function drawDraft() {
  const open = drafts.filter((each) => each.state === "draft");
  const coming = drafts.filter((each) => each.state === "scheduled").slice(0, 3);
  const choose = h("select", { "aria-label": t("Draft"), onchange: () => {
    draft = open.find((each) => String(each.id) === choose.value) ?? null;
    if (!draft && view === "effect") view = "rules";
    draw();
  } }, h("option", { value: "" }, t("Rules as they are")), open.map((each) => h("option", { value: String(each.id), selected: each.id === draft?.id }, t("Draft: {name} ({n} changes)", { name: each.name, n: each.changes.length }))));
  const make = h("button", { type: "button", onclick: () => newDraft() }, icon("plus"), t("New draft"));
  fill(one("[data-draft]"), h("div.rules-draft", null, choose, make,
    draft && h("button.primary", { type: "button", disabled: !draft.changes.length, onclick: () => schedule() }, t("Let it take force…")),
    draft && h("button.danger", { type: "button", onclick: (/** @type {Event} */ event) => busy(/** @type {HTMLButtonElement} */ (event.currentTarget), discard) }, t("Discard")),
    coming.map((each) => h("span.chip", null, icon("clock"), t("{name}: from {time}", { name: each.name, time: both(each.takes_force_at) })))));
}

async function show() {
  if (view === "rules") {
    fill(body, rules.length
      ? rulesTable({ rules, days: DAYS, changes: draft?.changes ?? null, onedit: edit, onend: (rule) => void put([...others(rule.id), { rule_id: rule.id, rule: null }]).catch(complain), ondrop: (change) => void put((draft?.changes ?? []).filter((each) => each !== change)).catch(complain) })
      : empty(t("There are no rules yet"), t("Make a draft and add the first one.")));
    return;
  }
  fill(body, skeleton(8));
  const asked = [view, draft?.id].join();
  const found = view === "matrix"
    ? matrixView(await api.get("/routing/matrix", draft ? { draft: draft.id } : {}))
    : effectView(await api.get(`/routing/drafts/${draft?.id}/effect`, { days: DAYS }));
  if (asked === [view, draft?.id].join()) fill(body, found);
}

/** @param {number | null} rule_id */
const others = (rule_id) => (draft?.changes ?? []).filter((change) => change.rule_id === null || change.rule_id !== rule_id);

/** @param {Change[]} changes */
async function put(changes) {
  if (!draft) return;
  const saved = /** @type {Draft} */ (await api.putJson(`/routing/drafts/${draft.id}`, { version: draft.version, changes }));
  drafts = drafts.map((each) => (each.id === saved.id ? saved : each));
  draft = saved;
  draw();
}

/** @param {Rule | null} rule */
function edit(rule) {
  ruleDialog({ rule, organisations, save: (asked) => put([...(rule ? others(rule.id) : draft?.changes ?? []), { rule_id: rule?.id ?? null, rule: asked }]) });
}

function newDraft() {
  const name = h("input", { id: "draft-name", required: true, maxlength: 100 });
  const button = h("button.primary", null, t("Make the draft"));
  const { box } = dialog(t("New draft"), h("form", { onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!name.value.trim()) return void name.focus();
    void busy(button, async () => {
      draft = /** @type {Draft} */ (await api.post("/routing/drafts", { name: name.value.trim() }));
      drafts = [draft, ...drafts];
      box.close();
      draw();
    });
  } }, h("div.field", null, h("label", { for: name.id }, t("What is it for?")), name), h("div.actions", null, button)));
}

function schedule() {
  const at = h("input", { id: "draft-at", type: "datetime-local", required: true });
  const button = h("button.primary", null, t("Let it take force"));
  const { box } = dialog(t("When do the rules change?"), h("form", { onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!at.value) return void at.focus();
    void busy(button, async () => {
      await api.post(`/routing/drafts/${draft?.id}/schedule`, { at: new Date(at.value).toISOString() });
      box.close();
      toast(t("The rules change at the time set; until then the old ones hold."));
      draft = null;
      view = "rules";
      await load();
    });
  } }, h("p.quiet", null, t("Look at the effect of the draft first. From then on new dispatches follow it; what was dispatched stays.")),
    h("div.field", null, h("label", { for: at.id }, t("From")), at), h("div.actions", null, button)));
}

async function discard() {
  await api.post(`/routing/drafts/${draft?.id}/discard`);
  draft = null;
  if (view === "effect") view = "rules";
  await load();
}

fill(body, skeleton(8));
load().catch((error) => fill(body, failed(error, () => void load())));
