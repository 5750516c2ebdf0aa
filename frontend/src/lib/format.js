/** Small sentences shared by the pages. */
import { h } from "./dom.js";
import { number, t, tn } from "./i18n.js";
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
  const percent = figure.unit === "%";
  return {
    big: number(figure.value, percent || figure.value >= 1 ? 1 : 2),
    unit: percent ? "%" : t("h"),
    fraction: percent
      ? `${number(figure.numerator)} / ${number(figure.denominator)}`
      : tn("{hours} h / {n} case", "{hours} h / {n} cases", figure.denominator, { hours: number(figure.numerator, 1) }),
  };
}

/** @param {string} source */
export function sourceWord(source) {
  /** @type {Record<string, string>} */
  const words = {
    inspector: t("inspector"), hotline: t("hotline 12319"), web: t("web or app"), mailbox: t("leader's mailbox"),
    media: t("media"), petition: t("petition"), superior: t("higher authority"), video: t("video"), sensor: t("sensor"),
    transfer: t("another system"),
  };
  return words[source] ?? source;
}
