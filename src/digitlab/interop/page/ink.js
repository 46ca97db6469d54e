/**
 * @file From any picture to its ink: which level is the paper, and which side of it is written on. As
 * digitlab/reading/ink.py says it, which defines it: the same steps, the same bytes.
 */

/** @typedef {{ width: number, height: number, levels: Uint8Array }} Plane  a byte for each pixel, row by row */
/** @typedef {{ top: number, bottom: number, left: number, right: number }} Box */

const LEAST_CONTRAST = 16;

/** Of ink, for the box that it fills. */
export const FAINTEST = 64;

/** The ink of a picture, bright on 0. @param {{ width: number, height: number, data: Uint8ClampedArray }} picture  red, green, blue and alpha of each pixel  @returns {Plane} */
export function findInk({ width, height, data }) {
  const alpha = new Uint8Array(width * height);
  const levels = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < levels.length; i++, at += 4) {
    levels[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 32768) >> 16;
    alpha[i] = data[at + 3];
  }
  return inkOf({ width, height, levels: onPaper({ width, height, levels }, alpha) });
}

/** @param {Plane} grey  @returns {Plane} */
function inkOf({ width, height, levels }) {
  const [all, border] = [countsOf(levels), borderOf({ width, height, levels })];
  const paper = nth(border, (total(border) - 1) >> 1);
  const square = (/** @type {number} */ from, /** @type {number} */ to) => sum(256, (v) => (v >= from && v < to ? all[v] * (v - paper) ** 2 : 0));
  const sign = square(paper, 256) > square(0, paper) ? 1 : -1;
  const ink = (/** @type {number} */ level) => Math.max(0, sign * (level - paper));
  const top = all.reduce((most, count, level) => (count ? Math.max(most, ink(level)) : most), 0);
  if (top < LEAST_CONTRAST) return { width: 1, height: 1, levels: new Uint8Array(1) };
  const outermost = mapped(border, ink);
  const otherSide = mapped(border, (level) => Math.max(0, sign * (paper - level)));
  if (10 * ninetyPercent(otherSide) < top) outermost.fill(0, Math.ceil(top / 4)); // a quarter of the strongest is no noise
  const floor = Math.min(ninetyPercent(outermost), top >> 1);
  const table = Uint8Array.from({ length: 256 }, (_, level) => Math.min(255, Math.floor((Math.max(0, ink(level) - floor) * 255) / (top - floor))));
  return { width, height, levels: levels.map((level) => table[level]) };
}

/** How many pixels there are of each level, of 256. @param {Uint8Array} levels */
function countsOf(levels) {
  const counts = new Array(256).fill(0);
  for (const level of levels) counts[level]++;
  return counts;
}

/** The same of the outermost pixels, each once, but for those of a single row or column. @param {Plane} grey */
function borderOf({ width, height, levels }) {
  const counts = new Array(256).fill(0);
  for (const row of [0, height - 1]) for (let x = 0; x < width; x++) counts[levels[row * width + x]]++;
  for (const column of [0, width - 1]) for (let y = 1; y < height - 1; y++) counts[levels[y * width + column]]++;
  return counts;
}

/** @param {number[]} counts  @param {(level: number) => number} becomes */
function mapped(counts, becomes) {
  const found = new Array(256).fill(0);
  counts.forEach((count, level) => (found[becomes(level)] += count));
  return found;
}

/** @param {number} length  @param {(i: number) => number} term */
function sum(length, term) {
  let all = 0;
  for (let i = 0; i < length; i++) all += term(i);
  return all;
}

/** @param {number[]} counts */
const total = (counts) => sum(counts.length, (level) => counts[level]);

/** The level of so manieth pixel, from 0, were they sorted. @param {number[]} counts  @param {number} place */
function nth(counts, place) {
  let level = 0;
  for (let left = place - counts[0]; left >= 0; left -= counts[level]) level++;
  return level;
}

/** The least level that 90 % of these do not exceed. @param {number[]} counts */
const ninetyPercent = (counts) => nth(counts, Math.floor((9 * total(counts) - 1) / 10));

/** What is seen where the picture lies on paper. @param {Plane} grey  @param {Uint8Array} alpha */
function onPaper({ width, height, levels }, alpha) {
  if (alpha.every((one) => one === 255)) return levels;
  const visible = countsOf(levels.filter((_, i) => alpha[i] > 0));
  if (visible.filter((count) => count > 0).length < 2) return alpha;
  const drawn = () => (sum(levels.length, (i) => levels[i] * alpha[i]) < 128 * sum(alpha.length, (i) => alpha[i]) ? 255 : 0);
  const paper = paperOfSheet({ width, height, levels }, alpha) ?? drawn();
  return levels.map((level, i) => Math.floor((level * alpha[i] + paper * (255 - alpha[i]) + 127) / 255));
}

/** The level of a sheet's paper; null where the opaque is strokes alone: these have ink at their edges, too. @param {Plane} grey  @param {Uint8Array} alpha */
function paperOfSheet({ width, height, levels }, alpha) {
  const half = (alpha.reduce((most, one) => Math.max(most, one), 0) + 1) >> 1;
  const opaque = alpha.map((one) => Number(one >= half));
  const inner = (/** @type {number} */ i) => {
    const x = i % width;
    const within = x > 0 && x < width - 1 && i >= width && i < (height - 1) * width;
    return within && opaque[i - 1] && opaque[i + 1] && opaque[i - width] && opaque[i + width];
  };
  const edge = countsOf(levels.filter((_, i) => opaque[i] && !inner(i)));
  const paper = nth(edge, (total(edge) - 1) >> 1);
  const spread = nth(mapped(edge, (level) => Math.abs(level - paper)), Math.floor((3 * total(edge) - 1) / 4));
  const written = countsOf(levels.filter((_, i) => opaque[i] === 1));
  const contrast = written.reduce((most, count, level) => (count ? Math.max(most, Math.abs(level - paper)) : most), 0);
  return contrast >= Math.max(LEAST_CONTRAST, 4 * spread) ? paper : null;
}

/** The rows and columns that hold ink. @param {Plane} ink  @param {number} faintest  @returns {Box | null} */
export function boxOf({ width, height, levels }, faintest) {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (levels[i] < faintest) continue;
      if (y < top) top = y;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      bottom = y + 1;
    }
  }
  return bottom ? { top, bottom, left, right } : null;
}
