/** @file Strokes of a pen, drawn with a round pen on a canvas of ink. digitlab/reading/strokes.py defines it. */

const LONGEST = 100; // pixels of the canvas's longer side

/**
 * @param {[number, number][][]} strokes  each with one point or more
 * @param {number} width  of the pen, in the same unit
 * @returns {import("./ink.js").Plane}  255 for ink, 0 for paper
 */
export function draw(strokes, width) {
  const points = strokes.flat();
  if (!points.length) return { width: 1, height: 1, levels: new Uint8Array(1) };
  const [lowX, lowY] = [0, 1].map((axis) => points.reduce((least, point) => Math.min(least, point[axis]), Infinity));
  const extent = points.reduce((most, [x, y]) => Math.max(most, x - lowX, y - lowY), 0);
  const longest = extent + width;
  const radius = (width * (LONGEST / 2)) / longest;
  const reach = Math.floor(radius);
  const place = (/** @type {number} */ value, /** @type {number} */ low) => Math.floor(((value - low) * LONGEST) / longest + 0.5) + reach;
  const at = strokes.map((stroke) => stroke.map(([x, y]) => [place(x, lowX), place(y, lowY)]));
  const [columns, rows] = [0, 1].map((axis) => at.flat().reduce((most, point) => Math.max(most, point[axis]), 0) + reach + 1);
  const way = new Set(at.flatMap((stroke) => wayOf(stroke).map(([x, y]) => y * columns + x)));
  return { width: columns, height: rows, levels: dilated(way, rows, columns, radius) };
}

/** The pixels from point to point. @param {number[][]} points */
function wayOf(points) {
  const way = [points[points.length - 1]];
  for (let i = 0; i + 1 < points.length; i++) {
    const [[x, y], [toX, toY]] = [points[i], points[i + 1]];
    const n = Math.max(Math.abs(toX - x), Math.abs(toY - y));
    for (let k = 0; k < n; k++) {
      way.push([x + Math.floor((2 * k * (toX - x) + n) / (2 * n)), y + Math.floor((2 * k * (toY - y) + n) / (2 * n))]);
    }
  }
  return way;
}

/** The disc of the pen set down at each pixel of the way. @param {Set<number>} way  @param {number} rows  @param {number} columns  @param {number} radius */
function dilated(way, rows, columns, radius) {
  const levels = new Uint8Array(rows * columns);
  const reach = Math.floor(radius);
  for (let down = -reach; down <= reach; down++) {
    const half = Math.floor(Math.sqrt(radius * radius - down * down));
    for (const place of way) levels.fill(255, place + down * columns - half, place + down * columns + half + 1);
  }
  return levels;
}
