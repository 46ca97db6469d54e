/** @file Deskewing: a slanted digit made upright, by shifting its rows sideways. digitlab/data/deskew.py defines it. */
import { SIDE } from "./prepare.js";

const STEEPEST = 256; // in 1/256 columns a row

/** @param {Uint8Array} pixels  784  @returns {Uint8Array} */
export function deskew(pixels) {
  let [M, X, Y, XY, YY] = [0, 0, 0, 0, 0];
  pixels.forEach((ink, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    M += ink;
    X += ink * x;
    Y += ink * y;
    XY += ink * x * y;
    YY += ink * y * y;
  });
  const n = M * XY - X * Y;
  const d = M * YY - Y * Y;
  if (d === 0) return pixels;
  const k = Math.max(-STEEPEST, Math.min(STEEPEST, Math.floor((512 * n + d) / (2 * d)))); // the slope
  return pixels.map((_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const shift = Math.floor((2 * k * (M * y - Y) + M) / (2 * M));
    const [q, r] = [Math.floor(shift / 256), shift & 255];
    const at = (/** @type {number} */ column) => (column >= 0 && column < SIDE ? pixels[y * SIDE + column] : 0);
    return ((256 - r) * at(x + q) + r * at(x + q + 1) + 128) >> 8;
  });
}
