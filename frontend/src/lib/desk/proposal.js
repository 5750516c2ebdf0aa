/**
 * The dispatcher's proposal: who should have the case, in what time, until what is reached, and why; and the rules that
 * lost. Enter accepts, 1…9 choose another, O any department.
 */
import { fill, h, icon } from "../dom.js";
import { named, t } from "../i18n.js";
import { complain, dialog } from "../ui.js";

const CHOICES = 9;

/** Who handled the like before; it never decides. @param {Alternative} other */
const fromHistory = (other) => (typeof other.share === "number" ? t("suggested by history: {n} % likely, learnt from {cases} handled cases", { n: Math.round(100 * other.share), cases: other.cases ?? 0 }) : "");

/**
 * @param {{ proposal: Proposal, move: MoveOut, departments: () => Promise<Named[]>, onaccept: (organisation: string | null) => void }} options
 */
export function proposalView({ proposal, move, departments, onaccept }) {
  const own = proposal.organisation;
  let chosen = own?.code ?? "";
  const element = h("section.proposal", { "aria-label": t("Proposal") });
  const others = proposal.alternatives.slice(0, CHOICES);
  /** @type {Named[]} */
  let all = [];
  const known = departments().then((found) => { all = found; });

  function draw() {
    const target = chosen === own?.code ? own : others.find((other) => other.organisation.code === chosen)?.organisation;
    fill(
      element,
      h("header", null, icon(own ? "route" : "circle-help"), h("h3", null, own ? t("Proposal") : proposal.outcome === "conflict" ? t("Two rules disagree") : t("No rule matches"))),
      own && option("0", own, proposal.rule, "0"),
      h("dl.terms", null,
        proposal.limit_text && [h("dt", null, t("Limit")), h("dd", null, h("b", null, proposal.limit_text))],
        proposal.closing && [h("dt", null, t("Closed when")), h("dd", null, proposal.closing)],
        h("dt", null, t("because")), h("dd", null, proposal.reason)),
      proposal.lost.length > 0 && h("details", { open: proposal.lost.length <= 3 }, h("summary", null, t("Rules that lost ({n})", { n: proposal.lost.length })),
        h("ul", null, proposal.lost.map((lost) => h("li", null, h("b", null, lost.rule), " ", h("span.quiet", null, lost.why))))),
      others.length > 0 && h("div.others", { role: "group", "aria-label": t("Other departments") }, others.map((other, i) => option(String(i + 1), other.organisation, [other.why, fromHistory(other)].filter(Boolean).join(" · "), String(i + 1)))),
      h("div.actions", null, h("button.primary", { type: "button", "data-accept": "", onclick: accept },
        target ? t("{verb} to {department}", { verb: move.label, department: named(target) }) : t("Choose a department"), h("kbd", null, "⏎")),
      h("button", { type: "button", "data-any": "", onclick: any }, t("Any department …"), h("kbd", null, "I"))),
    );
  }

  /** @param {string} id @param {Named} organisation @param {string} why @param {string} key */
  function option(id, organisation, why, key) {
    return h("button.option", {
      type: "button", "aria-pressed": String(organisation.code === chosen), "data-option": id, "data-enter-acts": "", onclick: () => choose(organisation.code),
    }, h("kbd", null, key), h("span", null, h("b", null, named(organisation)), why && h("span.quiet.small", null, why)));
  }

  /** @param {string} code */
  function choose(code) {
    chosen = code;
    draw();
    /** @type {HTMLElement | null} */ (element.querySelector(".option[aria-pressed=true]"))?.focus();
  }

  function accept() {
    if (chosen) onaccept(chosen === own?.code ? null : chosen);
    else any();
  }

  /** Every department with a desk: type a part of its name, Enter takes the first. */
  function any() {
    const search = h("input", { type: "search", "aria-label": t("Department"), placeholder: t("Part of its name or code") });
    const list = h("div.choices.column", { "data-departments": "" });
    const fits = () => all.filter((one) => `${one.code} ${one.name} ${one.name_en ?? ""}`.toLowerCase().includes(search.value.trim().toLowerCase()));
    const show = () => fill(list, fits().slice(0, 12).map((one) => h("button", { type: "button", onclick: () => take(one) }, named(one))));
    const { box } = dialog(t("Any department"), h("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const [first] = fits();
      if (first) take(first);
    } }, search), list);
    const take = (/** @type {Named} */ one) => {
      if (one.code !== own?.code && !others.some((other) => other.organisation.code === one.code)) {
        others.splice(CHOICES - 1);
        others.push({ organisation: one, why: t("chosen by hand") });
      }
      box.close();
      choose(one.code);
    };
    search.addEventListener("input", show);
    known.then(show, complain);
    search.focus();
  }

  draw();
  return {
    element,
    accept,
    any,
    /** How many others can be chosen by number. */
    count: () => others.length,
    /** @param {number} n 0 is the proposal */
    pick(n) {
      const code = n === 0 ? own?.code : others[n - 1]?.organisation.code;
      if (code) choose(code);
    },
  };
}
