/** Components of the street: dots beneath the work. */
import { vectorTiles } from "../mvt.js";
import { componentStyle } from "../paper.js";

/** @param {{ url: string, minZoom: number }} options */
export const components = ({ url, minZoom }) => vectorTiles(url, { styleOf: componentStyle, minZoom, pane: "borders" });
