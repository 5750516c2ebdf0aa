/** Cases read before they are asked for, so that the next one is there when the key is pressed. */

const KEPT = 4;

/** @typedef {{ case: CaseOut, proposal: Proposal | null, links: LinkedCase[], around: Around[] }} DeskCase */

/** @param {{ api: import("../api.js").Api }} options */
export function readAhead({ api }) {
  /** @type {Map<string, { answer: Promise<DeskCase>, ready: DeskCase | null }>} */
  const known = new Map();

  /** @param {string} id */
  function want(id) {
    const held = known.get(id);
    if (held) return held;
    const entry = { answer: /** @type {Promise<DeskCase>} */ (api.get(`/cases/${id}/desk`)), ready: /** @type {DeskCase | null} */ (null) };
    known.set(id, entry);
    entry.answer.then((ready) => { entry.ready = ready; }, () => known.delete(id));
    for (const old of [...known.keys()].slice(0, -KEPT)) known.delete(old);
    return entry;
  }

  return {
    want,
    /** What was read already, handed over once: looked at again later, it is read again. @param {string} id */
    take(id) {
      const entry = want(id);
      known.delete(id);
      return entry;
    },
    /** What was read is no longer true. @param {string} id */
    forget: (id) => void known.delete(id),
  };
}
