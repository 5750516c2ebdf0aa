/** Our own paper map: water, green, buildings, streets. */
import { labelsOf } from "../labels.js";
import { vectorTiles } from "../mvt.js";
import { baseStyle } from "../paper.js";

/** @param {{ url: string, minZoom: number }} options */
export const base = ({ url, minZoom }) => vectorTiles(url, { styleOf: baseStyle, labelsOf, minZoom, pane: "ground" });
