/** The paper look: what colour and width a feature has. Colours come from the tokens, so night is the same code. */

import { RAMP } from "./heat.js";

/** @typedef {import("./mvt.js").Style} Style */

/** @param {string} name */
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Street width in pixels: by class, growing with the zoom. @param {number} rank 1 widest … 4 lane @param {number} zoom */
function streetWidth(rank, zoom) {
  const base = [0, 5, 3.6, 2.4, 1.5][Math.min(4, Math.max(1, rank))];
  return base * 1.55 ** (zoom - 15);
}

const KINDS = /** @type {Record<string, string>} */ ({
  street: "street", streets: "street", road: "street", roads: "street",
  water: "water", green: "green", building: "building", buildings: "building",
});

/** @returns {import("./mvt.js").StyleOf} */
export function baseStyle() {
  const ink = {
    street: token("--map-street"), casing: token("--map-casing"), water: token("--map-water"), green: token("--map-green"), block: token("--map-block"),
  };
  return (layer, properties, zoom) => {
    const kind = KINDS[layer] ?? KINDS[properties.kind];
    if (kind === "water") return { key: "water", order: 1, fill: ink.water, stroke: ink.water, width: 1 };
    if (kind === "green") return { key: "green", order: 2, fill: ink.green };
    if (kind === "building") return zoom >= 15 ? { key: "building", order: 3, fill: ink.block, stroke: ink.casing, width: 0.5 } : null;
    if (kind !== "street") return null;
    const rank = Number(properties.rank ?? 3);
    if (rank >= 4 && zoom < 14) return null;
    const width = streetWidth(rank, zoom);
    if (width < 1) return { key: `thin${rank}`, order: 10 - rank, stroke: ink.casing, width: Math.max(0.6, width) };
    return [
      { key: `casing${rank}`, order: 10 - rank, stroke: ink.casing, width: width + 1.4 },
      { key: `street${rank}`, order: 20 - rank, stroke: ink.street, width },
    ];
  };
}

/** Borders; `figure` may fill an area by a value 0…1. @param {(code: string) => number | null} [figure] @param {string} [level] */
export function areaStyle(figure, level) {
  const ink = token("--map-border");
  const accent = token("--accent");
  /** @type {import("./mvt.js").StyleOf} */
  return (layer, properties, zoom) => {
    const kind = String(properties.level ?? layer);
    /** @type {Style[]} */
    const styles = [];
    if (kind.startsWith("district")) styles.push({ key: "district", order: 3, stroke: ink, width: 2.5, dash: [12, 4, 2, 4] });
    else if (kind.startsWith("street")) styles.push({ key: "street", order: 2, stroke: ink, width: 1.4, dash: [8, 4], alpha: 0.85 });
    else if (kind.startsWith("communit") && zoom >= 14) styles.push({ key: "community", order: 1, stroke: ink, width: 0.8, dash: [2, 3], alpha: 0.7 });
    const value = figure && level && kind.startsWith(level) ? figure(String(properties.code)) : null;
    if (value !== null) {
      const step = Math.round(value * 6);
      styles.push({ key: `value${step}`, order: 0, fill: accent, alpha: 0.08 + step * 0.09 });
    }
    return styles.length ? styles : null;
  };
}

/**
 * Counts in five steps of one ramp whose lightness alone tells them apart (after cividis), so that any eye reads them.
 * @param {number} count @param {number} full what fills the ramp @param {number} alpha
 */
function counted(count, full, alpha) {
  const step = Math.min(4, Math.floor((5 * Math.log1p(count)) / Math.log1p(full)));
  return { key: `count${step}`, order: 0, fill: RAMP[step], alpha };
}

/** The unit grid is magenta, as the standard draws it; from afar communities tell how many cells they have. @param {(code: string) => boolean} [mine] */
export function cellStyle(mine) {
  const ink = token("--cell");
  /** @type {import("./mvt.js").StyleOf} */
  return (layer, properties) => {
    if (layer === "communities") return { key: `cells${Math.min(4, Math.floor(Number(properties.count) / 25))}`, order: 0, fill: ink, alpha: 0.02 + 0.025 * Math.min(4, Math.floor(Number(properties.count) / 25)) };
    const own = mine?.(String(properties.code));
    return [
      { key: "cell", order: 1, stroke: ink, width: 0.8, alpha: 0.45 },
      ...(own ? [{ key: "own", order: 0, fill: ink, alpha: 0.12 }] : []),
    ];
  };
}

/** Dots near; squares by count from afar. @returns {import("./mvt.js").StyleOf} */
export function componentStyle() {
  const seat = token("--map-halo");
  const ink = token("--hair-2");
  return (layer, properties, zoom) => layer === "counts"
    ? counted(Number(properties.count), 4 ** (19 - zoom) * 30, 0.5)
    : { key: "component", order: 1, fill: seat, stroke: ink, width: 1.2, radius: 2.4 };
}
