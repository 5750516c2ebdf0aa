/** Borders of district, streets and communities; a board may shade them by a figure. */
import { labelsOf } from "../labels.js";
import { vectorTiles } from "../mvt.js";
import { areaStyle } from "../paper.js";

/** @param {{ url: string, minZoom: number }} options */
export function areas({ url, minZoom }) {
  /** @type {((code: string) => number | null) | undefined} */
  let figure;
  let level = "street";
  const tiles = vectorTiles(url, { styleOf: () => areaStyle(figure, level), labelsOf, minZoom, pane: "borders" });
  return {
    ...tiles,
    /** @param {(code: string) => number | null} shadeOf @param {string} ofLevel */
    shade(shadeOf, ofLevel) {
      figure = shadeOf;
      level = ofLevel;
      tiles.repaint();
    },
  };
}
