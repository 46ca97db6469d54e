/** @file Numbers as a person reads them. */
import { LOCALE } from "../texts.js";

const plain = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const when = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** @param {number} value */
export const count = (value) => plain.format(value);

/**
 * A share in percent. What is not quite all is never said to be all.
 * @param {number | null | undefined} share
 * @param {number} [digits]
 */
export function percent(share, digits = 1) {
  if (share === null || share === undefined) return "–";
  const text = (Math.min(1, share) * 100).toFixed(digits);
  const most = (100 - 10 ** -digits).toFixed(digits);
  return share < 1 && Number(text) === 100 ? `>\u2009${most}\u00a0%` : `${text}\u00a0%`;
}

/** @param {number | null | undefined} value */
export const loss = (value) => (value === null || value === undefined ? "–" : value.toFixed(value < 0.1 ? 4 : 3));

/** Three significant digits. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 100_000)) return value.toExponential(1);
  return Math.abs(value) >= 100 ? plain.format(value) : value.toPrecision(value >= 10 ? 3 : 2);
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds % 60)];
  return h ? `${h} h ${String(m).padStart(2, "0")} min` : `${m} min ${String(s).padStart(2, "0")} s`;
}

/** @param {string} text  an ISO time */
export function moment(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? "" : when.format(time);
}

/** A run's name without the time that it begins with. @param {string} name */
export const runTitle = (name) => name.replace(/^\d{8}-\d{6}-/, "");

/** With a capital, where it begins with a word: a path or a name stays as it is. @param {string} text */
export const sentence = (text) => text.replace(/^[a-z](?=[a-z]* )/, (letter) => letter.toUpperCase());

/** Keeps a number and its percent sign on one line. @param {string} text */
export const unbroken = (text) => text.replaceAll(" %", "\u00a0%");
