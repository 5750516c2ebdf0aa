/** The rules one by one: what each asks, to whom it sends, how well it did; and the form of one. */
import { ApiError } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { named, t } from "../i18n.js";
import { both } from "../time.js";
import { dialog } from "../ui.js";

/**
 * @typedef {{ name: string, organisation_code: string, class_kind: string, class_code: string, area_code: string, owner_code: string,
 *   from_hour: string, to_hour: string, priority: number, quota: string, unit: string, note: string }} Asked
 * @typedef {Asked & { id: number, organisation: string, valid_from: string, valid_to: string | null, sent: number, returned: number,
 *   elsewhere: number, accuracy: number | null }} Rule
 * @typedef {{ rule_id: number | null, rule: Asked | null }} Change
 */

/** What a rule asks, in words. @param {Asked} rule */
export function asks(rule) {
  const kind = rule.class_kind === "component" ? t("components") : rule.class_kind === "event" ? t("events") : "";
  return [
    [kind, rule.class_code && `${rule.class_code}…`].filter(Boolean).join(" "), rule.area_code && t("area {code}", { code: rule.area_code }),
    rule.owner_code && t("owner {code}", { code: rule.owner_code }), rule.from_hour && `${rule.from_hour}–${rule.to_hour}`,
  ].filter(Boolean).join(" × ") || t("any problem");
}

/** @param {Rule} rule */
const accuracy = (rule) => (rule.accuracy === null ? h("span.quiet", null, "–") : h("span", { class: rule.accuracy < 0.9 ? "bad" : "" }, `${(100 * rule.accuracy).toFixed(1)} %`, h("span.quiet.small", null, ` (${rule.sent - rule.elsewhere} / ${rule.sent})`)));

/**
 * @param {{ rules: Rule[], days: number, changes: Change[] | null, onedit: (rule: Rule | null) => void, onend: (rule: Rule) => void,
 *   ondrop: (change: Change) => void }} options changes: of the open draft; null without one
 */
export function rulesTable({ rules, days, changes, onedit, onend, ondrop }) {
  const changed = new Map((changes ?? []).filter((change) => change.rule_id !== null).map((change) => [change.rule_id, change]));
  const fresh = (changes ?? []).filter((change) => change.rule);
  return h("div", null,
    h("p.quiet.small", null, t("Accuracy: of the cases that a rule sent in the last {n} days, the share that no other department handled in the end.", { n: days })),
    changes && h("div.actions", null, h("button.primary", { type: "button", onclick: () => onedit(null) }, icon("plus"), t("Add a rule to the draft"))),
    h("div.rules-scroll", null, h("table", null,
      h("thead", null, h("tr", null, h("th", null, t("Rule")), h("th", null, t("asks")), h("th", null, t("sends to")), h("th.number", null, t("Priority")), h("th.number", null, t("Sent")), h("th.number", null, t("Returned")), h("th.number", null, t("Accuracy")), h("th", null, t("In force")), changes && h("th", null, ""))),
      h("tbody", null,
        fresh.map((change) => h("tr.new", null, h("td", null, change.rule?.name ?? ""), h("td", null, asks(/** @type {Asked} */ (change.rule))), h("td", null, change.rule?.organisation_code ?? ""), h("td.number", null, String(change.rule?.priority ?? 0)),
          h("td", { colspan: "4" }, change.rule_id === null ? t("new in the draft") : t("instead of rule {n}", { n: change.rule_id })), h("td", null, h("button.bare", { type: "button", onclick: () => ondrop(change) }, t("Take back"))))),
        rules.map((rule) => h("tr", { class: changed.has(rule.id) ? "ends" : "", "data-rule": rule.id },
          h("td", null, h("b", null, String(rule.id)), " ", rule.name), h("td", null, asks(rule)), h("td", null, rule.organisation), h("td.number", null, String(rule.priority)),
          h("td.number", null, String(rule.sent)), h("td.number", null, String(rule.returned)), h("td.number", null, accuracy(rule)),
          h("td.small", null, rule.valid_to ? t("until {time}", { time: both(rule.valid_to) }) : t("since {time}", { time: both(rule.valid_from) })),
          changes && h("td", null, changed.has(rule.id)
            ? h("button.bare", { type: "button", onclick: () => ondrop(/** @type {Change} */ (changed.get(rule.id))) }, t("Take back"))
            : h("span.actions", null, h("button", { type: "button", onclick: () => onedit(rule) }, t("Change")), h("button", { type: "button", onclick: () => onend(rule) }, t("End"))))))))));
}

/**
 * One rule in a dialog. `save` rejects with the server's refusal, shown at its field.
 * @param {{ rule: Rule | null, organisations: Named[], save: (asked: Asked) => Promise<void> }} options
 */
export function ruleDialog({ rule, organisations, save }) {
  /** @param {string} name @param {string} label @param {HTMLElement} input */
  const field = (name, label, input) => h("div.field", { "data-field": name }, h("label", { for: `rule-${name}` }, label), input);
  /** @param {string} name @param {Record<string, unknown>} [more] */
  const text = (name, more = {}) => h("input", { id: `rule-${name}`, name, value: String(rule?.[/** @type {keyof Rule} */ (name)] ?? ""), ...more });
  /** @param {string} name @param {[string, string][]} choices */
  const choice = (name, choices) => h("select", { id: `rule-${name}`, name }, choices.map(([value, label]) => h("option", { value, selected: String(rule?.[/** @type {keyof Rule} */ (name)] ?? "") === value }, label)));
  const fault = h("p.fault.wide", { role: "alert", hidden: true });
  const form = h("form.rule-form", { novalidate: true, onsubmit: submit },
    field("name", t("Name"), text("name", { required: true })),
    field("organisation_code", t("Sends to"), choice("organisation_code", organisations.map((one) => [one.code, `${named(one)} (${one.code})`]))),
    field("class_kind", t("Components or events"), choice("class_kind", [["", t("any")], ["component", t("components")], ["event", t("events")]])),
    field("class_code", t("Class code begins with"), text("class_code", { inputmode: "numeric" })),
    field("area_code", t("Area code begins with"), text("area_code", { inputmode: "numeric" })),
    field("owner_code", t("Owner of the component"), text("owner_code")),
    field("from_hour", t("From"), text("from_hour", { type: "time" })), field("to_hour", t("Until"), text("to_hour", { type: "time" })),
    field("priority", t("Priority"), text("priority", { type: "number", value: String(rule?.priority ?? 0) })),
    field("quota", t("Own limit"), text("quota", { inputmode: "decimal" })),
    field("unit", t("Unit"), choice("unit", [["", "–"], ["continuous_hour", t("urgent working hours")], ["working_hour", t("working hours")], ["working_day", t("working days")]])),
    field("note", t("Note"), text("note")),
    fault, h("div.actions", null, h("button.primary", null, t("Put into the draft"))));
  const { box } = dialog(rule ? t("Change rule {n}", { n: rule.id }) : t("A new rule"), form);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const given = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    try {
      await save(/** @type {Asked} */ ({ ...given, priority: Number(given.priority || 0) }));
      box.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fault.hidden = false;
      fill(fault, error.message, " ", error.mend);
      const wrong = form.querySelector(`[data-field="${error.field.split(".").at(-1)}"]`);
      form.querySelectorAll(".wrong").forEach((each) => each.classList.remove("wrong"));
      wrong?.classList.add("wrong");
    }
  }
}
