/** The dispatcher's proposal: who should have the case, in what time, and why. Enter accepts, 1…9 choose another. */
import { fill, h, icon } from "../dom.js";
import { named, t } from "../i18n.js";

/** @param {{ proposal: Proposal, move: MoveOut, onaccept: (organisation: string | null) => void }} options */
export function proposalView({ proposal, move, onaccept }) {
  const own = proposal.organisation;
  let chosen = own?.code ?? "";
  const element = h("section.proposal", { "aria-label": t("Proposal") });
  const others = proposal.alternatives.slice(0, 9);

  function draw() {
    const target = chosen === own?.code ? own : others.find((other) => other.organisation.code === chosen)?.organisation;
    fill(
      element,
      h("header", null, icon(own ? "route" : "circle-help"), h("h3", null, own ? t("Proposal") : proposal.outcome === "conflict" ? t("Two rules disagree") : t("No rule matches"))),
      own && option("0", own, [proposal.limit_text, proposal.rule].filter(Boolean).join(" · "), null),
      h("p.why", null, h("span.quiet", null, t("because")), " ", proposal.reason),
      proposal.lost.length > 0 && h("details", null, h("summary", null, t("Rules that lost ({n})", { n: proposal.lost.length })),
        h("ul", null, proposal.lost.map((lost) => h("li", null, h("b", null, lost.rule), " ", h("span.quiet", null, lost.why))))),
      others.length > 0 && h("div.others", { role: "group", "aria-label": t("Other departments") }, others.map((other, i) => option(String(i + 1), other.organisation, other.why, String(i + 1)))),
      h("div.actions", null, h("button.primary", { type: "button", disabled: !target, "data-accept": "", onclick: accept },
        target ? t("{verb} to {department}", { verb: move.label, department: named(target) }) : t("Choose a department"), h("kbd", null, "⏎"))),
    );
  }

  /** @param {string} id @param {Named} organisation @param {string} why @param {string | null} key */
  function option(id, organisation, why, key) {
    return h("button.option", {
      type: "button", "aria-pressed": String(organisation.code === chosen), "data-option": id, "data-enter-acts": "", onclick: () => choose(organisation.code),
    }, h("kbd", null, key ?? "0"), h("span", null, h("b", null, named(organisation)), why && h("span.quiet.small", null, why)));
  }

  /** @param {string} code */
  function choose(code) {
    chosen = code;
    draw();
    /** @type {HTMLElement | null} */ (element.querySelector(".option[aria-pressed=true]"))?.focus();
  }

  function accept() {
    if (chosen) onaccept(chosen === own?.code ? null : chosen);
  }

  draw();
  return {
    element,
    accept,
    /** How many others can be chosen by number. */
    count: others.length,
    /** @param {number} n 0 is the proposal */
    pick(n) {
      const code = n === 0 ? own?.code : others[n - 1]?.organisation.code;
      if (code) choose(code);
    },
  };
}
