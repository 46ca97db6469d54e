/**
 * @file Asks what something is: the strokes on the pad, a digit of the test set, or a picture. One question at a time; when
 * something new comes meanwhile, only the newest of it is asked.
 */
import { ask, get, Refused } from "../kit/api.js";
import { set } from "../kit/store.js";
import { T } from "../texts.js";
import { bodyOf } from "./drawing.js";

/** @typedef {[number, number][]} Stroke  points in units of the pad */

const KINDS = ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif"];

/** @param {File} file */
export const isPicture = (file) => KINDS.includes(file.type);

export class Asking {
  constructor() {
    this.changed = () => {};
    /** @type {string | null} */
    this.reader = null;
    /** @type {Stroke[]} */
    this.strokes = [];
    this.width = 20;
    /** @type {number | null} */
    this.index = null;
    /** @type {File | null} */
    this.file = null;
    /** @type {ImageBitmap | null} */
    this.bitmap = null;
    /** @type {import("../kit/types.js").Reading | null} */
    this.reading = null;
    /** @type {import("../kit/types.js").TestDigit | null} */
    this.test = null;
    this.busy = false;
    this.wanted = false;
    this.shown = false;
  }

  /** Nothing to read. */
  get empty() {
    return this.strokes.length === 0 && this.index === null && this.file === null;
  }

  /** @param {string | null} reader */
  use(reader) {
    if (reader === this.reader) return;
    this.reader = reader;
    this.again();
  }

  /**
   * Somebody looks.
   * @param {() => void} changed  called when there is something new to show
   * @returns {() => void} ends it
   */
  begin(changed) {
    this.changed = changed;
    this.shown = true;
    void this.again();
    return () => {
      this.changed = () => {};
      this.shown = false;
    };
  }

  /** The strokes have changed. */
  draw() {
    if (this.index !== null || this.file) this.forget();
    this.again();
    this.changed();
  }

  clear() {
    this.strokes = [];
    this.forget();
    this.reading = null;
    this.changed();
  }

  undo() {
    this.strokes.pop();
    if (this.empty) this.clear();
    else this.draw();
  }

  forget() {
    this.index = null;
    this.file = null;
    this.bitmap = null;
    this.test = null;
  }

  /** A digit of the test set. @param {number | null} index  null for a random one */
  async readTest(index) {
    if (!this.reader) return;
    const which = index === null ? "" : `index=${index}&`;
    const found = await this.attempt(() => get(`test-digit?${which}reader=${encodeURIComponent(this.reader ?? "")}`));
    if (!found) return;
    this.clear();
    this.index = found.index;
    this.show(found);
  }

  /** @param {File} file */
  async readFile(file) {
    this.clear();
    this.file = file;
    try {
      this.bitmap = await createImageBitmap(file);
    } catch {
      // The server says what is wrong with it.
    }
    this.changed();
    this.again();
  }

  /** Ask (again) about what is there. */
  async again() {
    if (this.busy) {
      this.wanted = true;
      return;
    }
    if (!this.reader || this.empty || !this.shown) return;
    this.busy = true;
    this.wanted = false;
    const answer = await this.attempt(() => this.question());
    this.busy = false;
    if (this.empty) this.reading = null;
    else if (answer) this.show(answer);
    if (this.wanted) void this.again();
  }

  /** @returns {Promise<any>} */
  async question() {
    const reader = encodeURIComponent(this.reader ?? "");
    if (this.index !== null) return get(`test-digit?index=${this.index}&reader=${reader}`);
    const body = this.file ?? bodyOf(this.strokes, this.width);
    const kind = this.file ? this.file.type : "application/json";
    return (await ask(`read?reader=${reader}`, { method: "POST", headers: { "content-type": kind }, body })).json();
  }

  /** @param {any} answer  a reading, or a digit of the test set with one */
  show(answer) {
    const test = answer.reading !== undefined;
    if (test !== (this.index !== null)) return; // an answer to an earlier question
    this.test = test ? answer : null;
    this.reading = test ? answer.reading : answer;
    this.changed();
  }

  /** @param {() => Promise<any>} question */
  async attempt(question) {
    try {
      const answer = await question();
      return answer;
    } catch (error) {
      if (error instanceof Refused) set({ trouble: this.file && error.status === 415 ? T.read.notPicture : error.trouble });
      return null;
    }
  }
}

/** @param {string} text  base64  @returns {Uint8Array} */
export const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
