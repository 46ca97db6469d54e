/**
 * @file What was read from a photograph, as marks that a person goes through: each digit, and what was taken for none, to
 * be corrected one by one. And what comes of them: texts, and a table.
 */

/** @import { PictureReading } from "../kit/types.js" */
/** @typedef {[number, number, number, number]} Box  left, top, width, height */
/**
 * @typedef {object} Mark
 * @property {Box} box  in the picture as it is shown, turned
 * @property {number} line  from 0
 * @property {string} read  what the reader says; empty where it is no digit
 * @property {string} value  what it is now; empty where it is no digit
 * @property {boolean} doubt  the reader doubts, and nobody has looked yet
 * @property {number} probability
 * @property {string} reason  why it is no digit
 */

/** All marks in reading order: what is no digit stands where it would belong, were it one. @param {PictureReading} reading */
export function marksOf({ lines, rejected, turn, size }) {
  const sorted = lines.map(({ digits }, line) =>
    digits.map(({ digit, box, doubtful, probability }) => {
      const read = String(digit);
      return markOf({ box: turned(box, turn, size), line, read, value: read, doubt: doubtful, probability });
    }),
  );
  const heights = sorted.map((marks) => marks.reduce((sum, { box }) => sum + box[1] + box[3] / 2, 0) / marks.length);
  for (const { box: unturned, reason } of rejected) {
    const box = turned(unturned, turn, size);
    const away = heights.map((height) => Math.abs(height - box[1] - box[3] / 2));
    const line = Math.max(0, away.indexOf(Math.min(...away)));
    const marks = (sorted[line] ??= []);
    const next = marks.findIndex((mark) => middle(mark.box) > middle(box));
    marks.splice(next < 0 ? marks.length : next, 0, markOf({ box, line, reason }));
  }
  return sorted.flat();
}

/** @param {Partial<Mark> & { box: Box, line: number }} known  @returns {Mark} */
const markOf = (known) => ({ read: "", value: "", doubt: false, probability: 0, reason: "", ...known });

/** @param {Box} box */
const middle = ([left, , width]) => left + width / 2;

/** A box in the picture turned by so many degrees clockwise. @param {Box} box  @param {number} turn  @param {[number, number]} size  @returns {Box} */
function turned([left, top, width, height], turn, [across, down]) {
  if (turn === 90) return [down - top - height, left, height, width];
  if (turn === 180) return [across - left - width, down - top - height, width, height];
  if (turn === 270) return [top, across - left - width, height, width];
  return [left, top, width, height];
}

/** How it is drawn. @param {Mark} mark */
export function kindOf({ read, value, doubt }) {
  if (value !== read) return value ? "corrected" : "removed";
  if (!value) return "rejected";
  return doubt ? "doubt" : "sure";
}

/** Those that are digits, line by line. @param {Mark[]} marks  @returns {Mark[][]} */
export function linesOf(marks) {
  /** @type {Mark[][]} */
  const lines = [];
  for (const mark of marks) if (mark.value) (lines[mark.line] ??= []).push(mark);
  return lines.filter(Boolean);
}

/** @param {Mark[]} line */
const textOf = (line) => line.map(({ value }) => value).join("");

/** @param {Mark[]} marks */
export const doubtsIn = (marks) => marks.filter(({ doubt }) => doubt).length;

/** A line for each line. @param {Mark[]} marks */
export const asText = (marks) => linesOf(marks).map(textOf).join("\n");

/** As `digitlab read --csv` has it: texts are quoted, a path is never a formula. @param {Mark[]} marks  @param {string} name  of the file */
export function asTable(marks, name) {
  const quoted = (/** @type {string} */ text) => `"${text.replaceAll('"', '""')}"`;
  const file = quoted(/^[=+\-@]/.test(name) ? `./${name}` : name);
  const rows = linesOf(marks).map((line, i) => [file, i + 1, quoted(textOf(line)), doubtsIn(line)].join(","));
  return [["file", "line", "text", "doubtful"].map(quoted).join(","), ...rows, ""].join("\n");
}
