/**
 * One key a verb, shown on its button. The moves come from the server; a verb without a key of its own here gets the first
 * free letter of its name, so that a new move has its key from the first day. Pure.
 */

/** The letters a dispatcher's hand knows: R 退回, D 重复, S 拆分, H 挂账, U 撤销. In order: who comes first keeps the letter. */
const WISHES = /** @type {Record<string, string>} */ ({
  undo: "u", message: "t", send_back: "r", return: "r", duplicate: "d", merge: "d", mark_duplicate: "d", split: "s", supervise: "p", hang: "h", ask_hang: "h",
  extend: "e", ask_extension: "e", refuse: "n", approve: "y", resume: "o", file: "f", decline: "n", send_verify: "v", recall_verify: "x", send_check: "k",
  recall_check: "x", rework: "w", close: "c", accept: "a", finish: "f", assign: "g", reach_stage: "l", cancel_dispatch: "x", join: "j", void: "q", force_close: "z", withdraw: "x",
});

/** Keys of the page itself: no verb gets these. */
export const TAKEN = ["b", "i", "m", "/", "?"];

/** @param {{ verb: string }[]} moves @returns {Record<string, string>} verb → key */
export function keysFor(moves) {
  /** @type {Record<string, string>} */
  const keys = {};
  const free = new Set([..."abcdefghijklmnopqrstuvwxyz"].filter((letter) => !TAKEN.includes(letter)));
  const give = (/** @type {string} */ verb, /** @type {string | undefined} */ letter) => {
    if (!letter || !free.delete(letter)) return false;
    keys[verb] = letter;
    return true;
  };
  const rank = Object.keys(WISHES);
  const known = moves.filter(({ verb }) => verb in WISHES).sort((a, b) => rank.indexOf(a.verb) - rank.indexOf(b.verb));
  const late = [...known.filter(({ verb }) => !give(verb, WISHES[verb])), ...moves.filter(({ verb }) => !(verb in WISHES))];
  for (const { verb } of late) give(verb, [...verb, ...free].find((letter) => free.has(letter)));
  return keys;
}
