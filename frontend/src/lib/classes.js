/** Finding a class of problem by code, name, pinyin or its initials. Pure. */

/** Lower is better; null: no match. @param {PackClass} item @param {string} query */
function rank(item, query) {
  const pinyin = (item.pinyin ?? "").toLowerCase().replace(/\s/g, "");
  const initials = (item.initials ?? "").toLowerCase();
  const english = (item.name_en ?? "").toLowerCase();
  if (item.code === query) return 0;
  if (item.code.startsWith(query)) return 1;
  if (initials === query) return 2;
  if (item.name.startsWith(query) || english.startsWith(query)) return 3;
  if (initials.startsWith(query)) return 4;
  if (item.name.includes(query) || english.includes(query)) return 5;
  if (pinyin.startsWith(query)) return 5;
  if (initials.includes(query)) return 6;
  return null;
}

/** @param {PackClass[]} classes @param {string} text @param {number} [limit] */
export function searchClasses(classes, text, limit = 30) {
  const query = text.trim().toLowerCase();
  if (!query) return classes.slice(0, limit);
  return classes
    .map((item, order) => ({ item, order, rank: rank(item, query) }))
    .filter((hit) => hit.rank !== null)
    .sort((a, b) => /** @type {number} */ (a.rank) - /** @type {number} */ (b.rank) || a.order - b.order)
    .slice(0, limit)
    .map((hit) => hit.item);
}
