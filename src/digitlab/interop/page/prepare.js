/**
 * @file The one preprocessing contract: any picture of one digit -> the 28x28 bytes that MNIST would have made of it. As
 * digitlab/reading/preprocessing.py says it, which defines it: all of it whole numbers below 2^53, so that both give the
 * same bytes.
 */
import { undoEnlargement } from "./enlarged.js";
import { boxOf, FAINTEST, findInk } from "./ink.js";

/** @import { Box, Plane } from "./ink.js" */

export const SIDE = 28;
const LONGEST = 20; // pixels of a digit's longer side, in MNIST

/** Any picture. @param {{ width: number, height: number, data: Uint8ClampedArray }} picture  @returns {Uint8Array} of 784, all 0 of a blank one */
export function prepare(picture) {
  const ink = findInk(picture);
  const small = undoEnlargement(ink);
  return small ? prepareInk(small) : prepareInk(ink, FAINTEST);
}

/** A clean canvas, ink bright on 0. @param {Plane} ink  @param {number} [faintest]  what counts for the box */
export function prepareInk(ink, faintest = 1) {
  const box = boxOf(ink, faintest);
  if (!box) return new Uint8Array(SIDE * SIDE);
  const m = Math.max(box.bottom - box.top, box.right - box.left);
  const cells = sums(ink, box, m);
  const peak = cells.reduce((most, one) => Math.max(most, one), 0);
  return placed(cells.map((one) => Math.floor((510 * one + peak) / (2 * peak))), countOf(box.right - box.left, m));
}

/** Into how many cells a side is cut, with one more at each end. @param {number} length  @param {number} m */
const countOf = (length, m) => Math.max(1, Math.floor((2 * LONGEST * length + m) / (2 * m))) + 2;

/** The ink in each cell, row by row, exactly. @param {Plane} ink  @param {Box} box  @param {number} m */
function sums({ width, levels }, { top, bottom, left, right }, m) {
  const [down, along] = [overlaps(bottom - top, m), overlaps(right - left, m)];
  const cells = new Float64Array(down.length * along.length);
  const across = new Float64Array(along.length); // of one row of pixels
  for (let y = top; y < bottom; y++) {
    along.forEach(({ from, shares }, cell) => {
      let all = 0;
      for (let i = 0, at = y * width + left + from; i < shares.length; i++, at++) all += shares[i] * levels[at];
      across[cell] = all;
    });
    down.forEach(({ from, shares }, row) => {
      const share = shares[y - top - from];
      if (share) across.forEach((one, cell) => (cells[row * along.length + cell] += share * one));
    });
  }
  return cells;
}

/**
 * For each cell of a side the pixels that lie in it: the first of them, and how much of each, in units of 1/40 pixel.
 * @param {number} length
 * @param {number} m
 */
function overlaps(length, m) {
  const cells = countOf(length, m) - 2;
  return Array.from({ length: cells + 2 }, (_, cell) => {
    const begin = LONGEST * length - cells * m + 2 * m * (cell - 1);
    const end = begin + 2 * m;
    const from = Math.max(0, Math.floor(begin / 40));
    const to = Math.max(from, Math.min(length, Math.ceil(end / 40)));
    const shares = Array.from({ length: to - from }, (__, i) => Math.max(0, Math.min(end, 40 * (from + i + 1)) - Math.max(begin, 40 * (from + i))));
    return { from, shares };
  });
}

/** The cells in a picture of 28x28, their centre of mass at index 14. @param {Float64Array} cells  @param {number} across */
function placed(cells, across) {
  const down = cells.length / across;
  let [mass, byRow, byColumn] = [0, 0, 0];
  cells.forEach((byte, i) => {
    mass += byte;
    byRow += byte * Math.floor(i / across);
    byColumn += byte * (i % across);
  });
  const [rows, columns] = [byRow, byColumn].map((by) => Math.floor((29 * mass - 2 * by) / (2 * mass)));
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let row = Math.max(0, -rows); row < Math.min(down, SIDE - rows); row++) {
    for (let column = Math.max(0, -columns); column < Math.min(across, SIDE - columns); column++) {
      pixels[(row + rows) * SIDE + column + columns] = cells[row * across + column];
    }
  }
  return pixels;
}
