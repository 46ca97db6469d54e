/** @file A drawing as it is kept and as it is sent: no more of it than the server takes. */

/** @import { Point, Stroke } from "./sheet.js" */

const NEAR = 0.5; // units of the pad: what is nearer to the point before it changes no pixel
const MOST_BYTES = 60_000; // the server takes 65,536
const MOST_STROKES = 999; // the server takes 1,000
const LINE = 2; // points that a line keeps at least

/** The pen moves on. The newest point is always there, the one before it only if it was far enough. @param {Stroke} stroke  @param {Point} point */
export function extend(stroke, point) {
  const [before, newest] = stroke.slice(-2);
  if (newest && Math.hypot(newest[0] - before[0], newest[1] - before[1]) < NEAR) stroke.pop();
  stroke.push(point);
}

/**
 * What is sent of a drawing. Where it is too large, dots are left out before lines, and of lines points, evenly: the
 * network sees 28 pixels of its 280 units.
 * @param {Stroke[]} strokes
 * @param {number} width
 */
export function bodyOf(strokes, width) {
  const sent = strokes.length > MOST_STROKES ? fewer(strokes) : strokes;
  let body = JSON.stringify({ strokes: sent, width });
  for (let share = MOST_BYTES / body.length; body.length >= MOST_BYTES; share *= 0.9) {
    const thinned = sent.map((stroke) => evenly(stroke, Math.max(LINE, Math.floor(stroke.length * share))));
    body = JSON.stringify({ strokes: thinned, width });
  }
  return body;
}

/** @param {Stroke[]} strokes */
function fewer(strokes) {
  const lines = evenly(strokes.filter((stroke) => stroke.length > 1), MOST_STROKES);
  const dots = strokes.filter((stroke) => stroke.length === 1);
  return [...lines, ...evenly(dots, MOST_STROKES - lines.length)];
}

/**
 * So many of a list, the first and the last among them.
 * @template T
 * @param {T[]} list
 * @param {number} most
 * @returns {T[]}
 */
function evenly(list, most) {
  const length = Math.min(list.length, most);
  return Array.from({ length }, (_, i) => list[Math.round((i * (list.length - 1)) / Math.max(1, length - 1))]);
}
