/** @file Digits of MNIST that somebody enlarged: found out, and made small again. digitlab/reading/enlarged.py defines it. */
import { boxOf } from "./ink.js";

/** @import { Box, Plane } from "./ink.js" */

const [LEAST_FACTOR, LARGEST_FACTOR] = [3, 64];
const SEEN = 16; // ink that counts for the first look at the size
const PAPER = 5; // what the cubic leaves beside ink
const LIMIT = 1; // grey level: the mean distance from the cubic, over the box, that is still an enlargement
const LONGEST = 20;
const LARGE = 30; // a digit up to this long may be one of MNIST's own, not enlarged

/** The small picture that this is an enlargement of; null where it is none. @param {Plane} ink  @returns {Plane | null} */
export function undoEnlargement(ink) {
  const box = boxOf(ink, SEEN);
  if (!box) return null;
  const longest = longestOf(box);
  let best = { distance: longest <= LARGE ? 0 : Infinity, small: ink };
  for (let c = LEAST_FACTOR; c <= LARGEST_FACTOR && longest > LARGE; c++) {
    if (longest < 19 * c || longest > 22 * c) continue;
    const found = smallest(padded(ink, box, 2 * c), c);
    if (found.distance < best.distance) best = found;
  }
  if (best.distance > LIMIT) return null;
  const small = { ...best.small, levels: best.small.levels.map((level) => (level > PAPER ? level : 0)) };
  const left = boxOf(small, 1);
  return left && longestOf(left) === LONGEST ? small : null;
}

/** @param {Box} box */
const longestOf = ({ top, bottom, left, right }) => Math.max(bottom - top, right - left);

/** The ink with paper of exactly this margin around it. @param {Plane} ink  @param {Box} box  @param {number} margin  @returns {Plane} */
function padded(ink, { top, bottom, left, right }, margin) {
  const [width, height] = [right - left + 2 * margin, bottom - top + 2 * margin];
  const levels = new Uint8Array(width * height);
  for (let y = Math.max(0, top - margin); y < Math.min(ink.height, bottom + margin); y++) {
    const from = Math.max(0, left - margin);
    const row = ink.levels.subarray(y * ink.width + from, y * ink.width + Math.min(ink.width, right + margin));
    levels.set(row, (y - top + margin) * width + from - left + margin);
  }
  return { width, height, levels };
}

/** The mean distance from the cubic at the best places, and the small picture there. @param {Plane} box  @param {number} c */
function smallest(box, c) {
  let [distance, small, side] = [0, box, box];
  for (let turn = 0; turn < 2; turn++) {
    // columns, then rows
    const tries = Array.from({ length: c }, (_, begin) => along(side, c, begin));
    const least = Math.min(...tries);
    distance += least;
    small = turned(middles(small, c, tries.indexOf(least)));
    side = turned(side);
  }
  return { distance: distance / (2 * box.levels.length), small };
}

/** @param {Plane} plane  @returns {Plane} */
function turned({ width, height, levels }) {
  const columns = new Uint8Array(levels.length);
  for (let x = 0, i = 0; x < width; x++) for (let y = 0; y < height; y++, i++) columns[i] = levels[y * width + x];
  return { width: height, height: width, levels: columns };
}

/** The middle of each block of `c` columns, the first of which begins at `begin`. @param {Plane} box  @param {number} c  @param {number} begin  @returns {Plane} */
function middles({ width, height, levels }, c, begin) {
  const count = Math.floor((width - begin) / c);
  const [first, second] = [begin + ((c - 1) >> 1), begin + (c >> 1)];
  const found = new Uint8Array(count * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let block = 0, at = y * width; block < count; block++, i++, at += c) found[i] = (levels[at + first] + levels[at + second] + 1) >> 1;
  }
  return { width: count, height, levels: found };
}

/** How far the rows are, in all, from the cubic through the middles, at the seams between the blocks. @param {Plane} box  @param {number} c  @param {number} begin */
function along({ width, height, levels }, c, begin) {
  const { width: count, levels: m } = middles({ width, height, levels }, c, begin);
  let distance = 0;
  for (let y = 0; y < height; y++) {
    const row = y * count;
    for (let i = 0, at = y * width + begin + c; i + 1 < count; i++, at += c) {
      const [before, after] = [i > 0 ? m[row + i - 1] : 0, i + 2 < count ? m[row + i + 2] : 0];
      const curve = (9 * (m[row + i] + m[row + i + 1]) - before - after + 8) >> 4;
      distance += Math.abs(((levels[at - 1] + levels[at] + 1) >> 1) - Math.min(255, Math.max(0, curve)));
    }
  }
  return distance * c;
}
