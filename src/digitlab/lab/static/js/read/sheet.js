/** @file What is on the pad: strokes of a pen, or a picture. Whoever reads it says how, in `again`. */
import { extend } from "./drawing.js";

/** @typedef {[number, number]} Point  in units of the pad */
/** @typedef {Point[]} Stroke */

export class Sheet {
  strokes = /** @type {Stroke[]} */ ([]);
  width = 20; // of the pen
  bitmap = /** @type {ImageBitmap | null} */ (null);
  reading = /** @type {import("../kit/types.js").Reading | null} */ (null);
  test = /** @type {import("../kit/types.js").TestDigit | null} */ (null);
  changed = /** @type {(() => void) | null} */ (null); // of whoever looks

  /** Nothing to read. */
  get empty() {
    return this.strokes.length === 0;
  }

  /** Read (again) what is there. */
  again() {}

  /**
   * Somebody looks.
   * @param {() => void} changed  called when there is something new to show
   * @returns {() => void} ends it
   */
  begin(changed) {
    this.changed = changed;
    this.again();
    return () => void (this.changed = null);
  }

  /** The pen is put down. @param {Point} point */
  put(point) {
    this.strokes.push([point]);
    this.draw();
  }

  /** The pen moves on, and what it draws is read. The pad paints that itself. @param {Point[]} points */
  drag(points) {
    const stroke = this.strokes.at(-1);
    if (!stroke) return;
    for (const point of points) extend(stroke, point);
    this.again();
  }

  /** The strokes have changed. */
  draw() {
    this.forget();
    this.again();
    this.changed?.();
  }

  clear() {
    this.strokes = [];
    this.forget();
    this.reading = null;
    this.changed?.();
  }

  undo() {
    this.strokes.pop();
    if (this.empty) this.clear();
    else this.draw();
  }

  /** All but the strokes. */
  forget() {
    this.bitmap = this.test = null;
  }
}
