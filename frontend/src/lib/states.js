/** Stage is shape: one mark and one word for each state of a case. */
import { svg } from "./dom.js";
import { t, tp } from "./i18n.js";

/** States that no move leaves. */
export const FINAL = ["closed", "force_closed", "self_handled", "void", "declined", "withdrawn"];

/** @param {string} state @returns {"reported" | "filed" | "dispatched" | "handling" | "checking" | "closed" | "dropped"} */
export function stageOf(state) {
  if (["reported", "verifying", "verified"].includes(state)) return "reported";
  if (state === "filed" || state === "dispatched" || state === "handling") return state;
  if (state === "hung") return "dispatched";
  if (["handled", "checking", "checked"].includes(state)) return "checking";
  if (["closed", "force_closed", "self_handled"].includes(state)) return "closed";
  return "dropped";
}

/** @param {string} state */
export function stateWord(state) {
  /** @type {Record<string, string>} */
  const words = {
    reported: t("reported"), verifying: t("verifying on site"), verified: t("verified, to file"), filed: t("filed, to dispatch"),
    dispatched: t("dispatched, to accept"), handling: t("handling"), handled: t("handled, to check"), checking: t("checking on site"),
    checked: t("checked, to close"), hung: t("hung, on the long list"), closed: tp("state", "closed"), force_closed: t("closed by force"), void: t("void"),
    declined: t("not filed"), withdrawn: t("withdrawn"), duplicate: t("duplicate of another case"), self_handled: t("settled on the spot"),
  };
  return words[state] ?? state;
}

/** The outline of a stage in a 16 × 16 box. @param {string} stage */
export function outline(stage) {
  switch (stage) {
    case "reported": return [svg("circle", { cx: 8, cy: 8, r: 5.5, class: "solid" })];
    case "filed": return [svg("rect", { x: 3, y: 3, width: 10, height: 10, class: "solid" })];
    case "dispatched": return [svg("path", { d: "M8 2 14.5 13.5h-13z", class: "solid" })];
    case "handling": return [svg("path", { d: "M8 1.5 14.5 8 8 14.5 1.5 8z", class: "solid" })];
    case "checking": return [svg("circle", { cx: 8, cy: 8, r: 5.5, class: "line" }), svg("circle", { cx: 8, cy: 8, r: 2.2, class: "solid" })];
    case "closed": return [svg("path", { d: "M2.5 8.5 6.5 12.5 13.5 4", class: "line" })];
    default: return [svg("path", { d: "M4 4l8 8M12 4l-8 8", class: "line" })];
  }
}

/** @param {string} state */
export function mark(state) {
  const stage = stageOf(state);
  return svg("svg", { class: `mark ${stage}`, viewBox: "0 0 16 16", role: "img", "aria-label": stateWord(state) }, ...outline(stage));
}

/** The ring of time left, beside its word. @param {{ state: string, share: number }} left */
export function ring(left) {
  const length = 2 * Math.PI * 6;
  const parts = [svg("circle", { cx: 8, cy: 8, r: 6, class: "track" })];
  if (left.state === "done") parts.push(svg("path", { d: "M4.5 8.5 7 11 11.5 5.5", class: "tick" }));
  else if (left.state === "paused") parts.push(svg("path", { d: "M6.2 5.2v5.6M9.8 5.2v5.6", class: "tick" }));
  else if (left.state !== "none") {
    const shown = left.state === "soon" ? Math.max(left.share, 0.5) : left.share;
    parts.push(svg("circle", { cx: 8, cy: 8, r: 6, class: "gone", "stroke-dasharray": `${shown * length} ${length}`, transform: "rotate(-90 8 8)" }));
  }
  return svg("svg", { class: "ring", viewBox: "0 0 16 16", "aria-hidden": "true" }, ...parts);
}
