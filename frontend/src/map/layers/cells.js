/** Unit grid cells; an inspector's own are tinted. */
import { vectorTiles } from "../mvt.js";
import { cellStyle } from "../paper.js";

/** @param {{ url: string, minZoom: number, mine?: (code: string) => boolean }} options */
export const cells = ({ url, minZoom, mine }) => vectorTiles(url, { styleOf: () => cellStyle(mine), minZoom, pane: "borders" });
