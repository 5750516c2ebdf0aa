/** Who has which case open. Our own leases are renewed while the page is; those of others come over the socket. */

/** @typedef {{ case_id: string, person_id: number, name: string, ahead: boolean, since: string }} Lease */

/** Between two changes: who runs down the list with the arrow does not take every case on her way. */
const SETTLE_MS = 120;

/**
 * @param {{ api: import("../api.js").Api, person: number, onchange: (ids: Set<string>) => void }} options
 */
export function createLeases({ api, person, onchange }) {
  const desk = crypto.randomUUID();
  /** @type {Map<string, Lease>} */
  let held = new Map();
  /** @type {{ case_id: string | null, next_id: string | null }} */
  let wanted = { case_id: null, next_id: null };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;
  let toldAt = -SETTLE_MS;

  async function tell() {
    clearTimeout(soon);
    clearTimeout(again);
    toldAt = performance.now();
    let seconds = 20;
    try {
      const answer = /** @type {{ items: Lease[], renew_seconds: number }} */ (await api.putJson("/desk/leases", { desk, ...wanted }));
      seconds = answer.renew_seconds;
      take(new Map(answer.items.map((lease) => [lease.case_id, lease])));
    } catch {
      // leases are a courtesy: without them versions still decide
    }
    clearTimeout(again);
    again = setTimeout(tell, seconds * 1000);
  }

  /** @param {Map<string, Lease>} fresh */
  function take(fresh) {
    const changed = new Set([...held.keys(), ...fresh.keys()].filter((id) => JSON.stringify(held.get(id)) !== JSON.stringify(fresh.get(id))));
    held = fresh;
    if (changed.size) onchange(changed);
  }

  return {
    /** This desk shows one case and takes another next. @param {string | null} case_id @param {string | null} next_id */
    hold(case_id, next_id) {
      if (wanted.case_id === case_id && wanted.next_id === next_id) return;
      wanted = { case_id, next_id };
      clearTimeout(soon);
      soon = setTimeout(tell, Math.max(0, SETTLE_MS - (performance.now() - toldAt)));
    },
    /** From the socket. @param {{ set: Lease[], gone: string[] }} message */
    heard(message) {
      const fresh = new Map(held);
      message.gone.forEach((id) => fresh.delete(id));
      message.set.forEach((lease) => fresh.set(lease.case_id, lease));
      take(fresh);
    },
    renew: () => void tell(),
    /** Who else has this case open or takes it next. @param {string} id */
    other(id) {
      const lease = held.get(id);
      return lease && lease.person_id !== person ? lease : null;
    },
  };
}
