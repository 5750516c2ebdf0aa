/** Foreign base maps by URL. Their datum is declared; our overlays stay where they are, the foreign tiles are shifted. */
import { gcj02 } from "../lib/geo.js";
import { L } from "./leaflet.js";

/** The datums we can lay under WGS-84. BD-09 has its own tile scheme and is refused. @param {string} datum */
export const canShow = (datum) => ["wgs84", "cgcs2000", "gcj02"].includes(datum.toLowerCase());

/**
 * Tiles drawn in GCJ-02: Leaflet is told a shifted centre when it places and asks for tiles. The shift changes by less
 * than a metre over a view of a few kilometres.
 */
const Shifted = L.TileLayer.extend({
  /** @param {any} level @param {L.LatLng} centre @param {number} zoom */
  _setZoomTransform(level, centre, zoom) {
    /** @type {any} */ (L.TileLayer.prototype)._setZoomTransform.call(this, level, shifted(centre), zoom);
  },
  /** @param {L.LatLng} centre */
  _getTiledPixelBounds(centre) {
    return /** @type {any} */ (L.TileLayer.prototype)._getTiledPixelBounds.call(this, shifted(centre));
  },
});

/** @param {L.LatLng} centre */
function shifted(centre) {
  const [lng, lat] = gcj02(centre.lng, centre.lat);
  return L.latLng(lat, lng);
}

/** @param {BaseLayer} base @returns {L.TileLayer | null} */
export function rasterLayer(base) {
  if (!canShow(base.datum)) return null;
  const options = { attribution: base.attribution, maxZoom: 20, maxNativeZoom: base.max_zoom ?? 18 };
  if (base.datum.toLowerCase() !== "gcj02") return L.tileLayer(base.url, options);
  return /** @type {L.TileLayer} */ (new /** @type {any} */ (Shifted)(base.url, options));
}
