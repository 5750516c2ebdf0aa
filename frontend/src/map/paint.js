/** Painting shapes on canvas, one path for each style. Needs neither tiles nor Leaflet. */

/** Larger tiles than Leaflet's: a quarter of the requests. The tile's zoom is one less than the map's. */
export const SIZE = 512;

/** @typedef {{ key: string, order: number, fill?: string, stroke?: string, width?: number, dash?: number[], radius?: number, alpha?: number }} Style */
/** @typedef {(layer: string, properties: Record<string, any>, zoom: number) => Style | Style[] | null} StyleOf */
/** @typedef {{ type: number, properties: Record<string, any>, loadGeometry: () => { x: number, y: number }[][] }} Feature type 1 point, 2 line, 3 area */
/** @typedef {{ layers: Record<string, { extent: number, length: number, feature: (i: number) => Feature }> }} Shapes a vector tile, or what looks like one */

/** @param {CanvasRenderingContext2D} pen @param {Shapes} vector @param {StyleOf} styleOf @param {number} zoom */
export function paint(pen, vector, styleOf, zoom) {
  /** @type {Map<string, { style: Style, path: Path2D }>} */
  const paths = new Map();
  for (const name of Object.keys(vector.layers)) {
    const layer = vector.layers[name];
    const scale = SIZE / layer.extent;
    for (let i = 0; i < layer.length; i += 1) {
      const feature = layer.feature(i);
      const styles = styleOf(name, feature.properties, zoom);
      if (!styles) continue;
      for (const style of Array.isArray(styles) ? styles : [styles]) {
        let entry = paths.get(style.key);
        if (!entry) paths.set(style.key, (entry = { style, path: new Path2D() }));
        trace(entry.path, feature, scale, style);
      }
    }
  }
  for (const { style, path } of [...paths.values()].sort((a, b) => a.style.order - b.style.order)) {
    pen.globalAlpha = style.alpha ?? 1;
    if (style.fill) {
      pen.fillStyle = style.fill;
      pen.fill(path, "evenodd");
    }
    if (style.stroke) {
      pen.strokeStyle = style.stroke;
      pen.lineWidth = style.width ?? 1;
      pen.setLineDash(style.dash ?? []);
      pen.stroke(path);
    }
  }
  pen.globalAlpha = 1;
}

/** @param {Path2D} path @param {Feature} feature @param {number} scale @param {Style} style */
function trace(path, feature, scale, style) {
  for (const part of feature.loadGeometry()) {
    if (feature.type === 1) {
      const radius = style.radius ?? 2;
      for (const point of part) {
        path.moveTo(point.x * scale + radius, point.y * scale);
        path.arc(point.x * scale, point.y * scale, radius, 0, 2 * Math.PI);
      }
      continue;
    }
    part.forEach((point, i) => (i ? path.lineTo(point.x * scale, point.y * scale) : path.moveTo(point.x * scale, point.y * scale)));
    if (feature.type === 3) path.closePath();
  }
}
