/** Panes that can be dragged (or moved by arrow keys) and are remembered on this device. */

/** @param {HTMLElement} split has [data-pane] children and [data-handle] separators between them @param {string} name */
export function rememberPanes(split, name) {
  const key = `gridcity.panes.${name}`;
  /** @type {Record<string, number>} */
  let widths = {};
  try {
    widths = JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    localStorage.removeItem(key);
  }
  for (const handle of split.querySelectorAll("[data-handle]")) {
    const element = /** @type {HTMLElement} */ (handle);
    const variable = `--${element.dataset.handle}`;
    const sign = element.dataset.side === "right" ? -1 : 1;
    const pane = /** @type {HTMLElement} */ (sign === 1 ? element.previousElementSibling : element.nextElementSibling);
    const set = (/** @type {number} */ width) => {
      const bounded = Math.round(Math.min(Math.max(width, 240), split.clientWidth * 0.6));
      split.style.setProperty(variable, `${bounded}px`);
      element.setAttribute("aria-valuenow", String(bounded));
      widths[variable] = bounded;
    };
    element.setAttribute("aria-valuemin", "240");
    element.setAttribute("aria-valuenow", String(Math.round(pane.clientWidth)));
    if (widths[variable]) set(widths[variable]);
    const save = () => {
      localStorage.setItem(key, JSON.stringify(widths));
      dispatchEvent(new Event("resize"));
    };
    element.addEventListener("pointerdown", (down) => {
      const start = pane.clientWidth;
      element.setPointerCapture(down.pointerId);
      const move = (/** @type {PointerEvent} */ event) => set(start + sign * (event.clientX - down.clientX));
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", () => {
        element.removeEventListener("pointermove", move);
        save();
      }, { once: true });
    });
    element.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
      if (!step) return;
      event.preventDefault();
      set(pane.clientWidth + sign * step);
      save();
    });
  }
}
