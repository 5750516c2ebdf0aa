/** How much room the phone has left for reports, asked before a photograph is taken. */

const MB = 1024 * 1024;
/** Below this a report with its photographs may not fit. */
export const FULL = 12 * MB;
const LOW = 80 * MB;

/** @param {{ quota?: number, usage?: number }} estimate @returns {{ state: "fine" | "low" | "full", free_mb: number | null }} */
export function judge({ quota, usage }) {
  if (quota === undefined || usage === undefined) return { state: "fine", free_mb: null };
  const free = quota - usage;
  return { state: free < FULL ? "full" : free < LOW ? "low" : "fine", free_mb: Math.max(0, Math.floor(free / MB)) };
}

export const room = async () => judge((await navigator.storage?.estimate?.().catch(() => ({}))) ?? {});

/** Did a write fail because the phone is full? @param {unknown} error */
export const isFull = (error) => error instanceof DOMException && error.name === "QuotaExceededError";
