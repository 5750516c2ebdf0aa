/** Messages of the pages: English msgids, catalogue from locale/<language>/LC_MESSAGES/djangojs.po. */

/** @type {Record<string, string[]>} */
let table = globalThis.gridcityMessages ?? {};
let current = globalThis.document?.documentElement.lang || "en";

/** Another catalogue, for tests. @param {Record<string, string[]>} messages @param {string} language */
export function useMessages(messages, language) {
  table = messages;
  current = language;
}

export const language = () => current;
export const isChinese = () => current.toLowerCase().startsWith("zh");

/** @param {string} text @param {Record<string, string | number>} values */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** A sentence in the reader's language. @param {string} id @param {Record<string, string | number>} [values] */
export const t = (id, values = {}) => fill(table[id]?.[0] ?? id, values);

/** The same for a word with several meanings. @param {string} context @param {string} id */
export const tp = (context, id) => table[`${context}\u0004${id}`]?.[0] ?? id;

/** Singular or plural. @param {string} one @param {string} many @param {number} n @param {Record<string, string | number>} [values] */
export function tn(one, many, n, values = {}) {
  const forms = table[one];
  const text = forms ? forms[Math.min(forms.length - 1, n === 1 ? 0 : 1)] : n === 1 ? one : many;
  return fill(text, { n: number(n), ...values });
}

/** @param {number} n @param {number} [digits] */
export const number = (n, digits = 0) =>
  n.toLocaleString(isChinese() ? "zh-CN" : "en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The name of a thing that has a Chinese and perhaps an English one. @param {Named | string | null | undefined} thing */
export function named(thing) {
  if (!thing) return "";
  if (typeof thing === "string") return thing;
  return (!isChinese() && thing.name_en) || thing.name;
}

/** @param {{ class_name: string, class_name_en?: string }} card */
export const className = (card) => (!isChinese() && card.class_name_en) || card.class_name;

/** @param {{ condition: string, condition_en?: string }} card */
export const conditionText = (card) => (!isChinese() && card.condition_en) || card.condition;
