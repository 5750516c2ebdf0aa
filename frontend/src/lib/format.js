/** Small sentences shared by the pages. */
import { h } from "./dom.js";
import { number, t } from "./i18n.js";
import { ring } from "./states.js";
import { timeLeft } from "./time.js";

/** @param {Parameters<typeof timeLeft>[0]} card @param {Date} [now] */
export function timeChip(card, now = new Date()) {
  const left = timeLeft(card, now);
  return h("span.time", { class: left.state, "data-time": "" }, ring(left), h("span", null, left.word));
}

/** "98.2 % (1,204 / 1,226)", "–" where there is nothing to divide by. @param {{ value: number | null, unit: string, numerator: number, denominator: number }} figure */
export function figureText(figure) {
  if (figure.value === null) return { big: "–", unit: "", fraction: t("nothing to count in this period") };
  const percent = figure.unit === "%" || figure.unit === "percent";
  const digits = 1;
  return {
    big: number(figure.value, digits),
    unit: percent ? "%" : figure.unit === "h" || figure.unit === "hours" ? tpHours() : figure.unit,
    fraction: `${number(figure.numerator, Number.isInteger(figure.numerator) ? 0 : 1)} / ${number(figure.denominator)}`,
  };
}

const tpHours = () => t("h");

/** @param {string} source */
export function sourceWord(source) {
  /** @type {Record<string, string>} */
  const words = {
    inspector: t("inspector"), hotline: t("hotline 12319"), "12319": t("hotline 12319"), web: t("web"), mailbox: t("mayor's mailbox"),
    media: t("media"), video: t("video"), sensor: t("sensor"), app: t("app"), leader: t("leader's instruction"), petition: t("petition"),
    ai: t("recognition"), transfer: t("transfer"),
  };
  return words[source] ?? source;
}

/** @param {string} clock */
export function clockWord(clock) {
  /** @type {Record<string, string>} */
  const words = {
    accepting: t("accepting"), verifying: t("verification task"), dispatching: t("dispatching"), handling: t("handling"),
    closing: t("closing"), checking: t("check task"),
  };
  return words[clock] ?? clock;
}
