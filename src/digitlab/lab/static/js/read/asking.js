/**
 * @file Asks what something is: the strokes on the pad, a digit of the test set, or a picture. One question at a time; when
 * something new comes meanwhile, only the newest of it is asked.
 */
import { ask, get, Refused } from "../kit/api.js";
import { set } from "../kit/store.js";
import { T } from "./texts.js";
import { bodyOf } from "./drawing.js";
import { Sheet } from "./sheet.js";

/** @import { Reading, TestDigit } from "../kit/types.js" */

export const KINDS = ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif"];

export class Asking extends Sheet {
  reader = /** @type {string | null} */ (null);
  index = /** @type {number | null} */ (null);
  file = /** @type {File | null} */ (null);
  busy = false;
  wanted = false;

  /** @override */
  get empty() {
    return this.strokes.length === 0 && this.index === null && this.file === null;
  }

  /** @param {string | null} reader */
  use(reader) {
    if (reader === this.reader) return;
    this.reader = reader;
    this.again();
  }

  /** @override */
  forget() {
    super.forget();
    this.index = this.file = null;
  }

  /** A digit of the test set. @param {number | null} index  null for a random one */
  async readTest(index) {
    if (!this.reader) return;
    const found = await this.attempt(() => this.testDigit(index));
    if (!found) return;
    this.clear();
    this.index = found.index;
    this.show(found);
  }

  /** @param {File} file */
  async readFile(file) {
    if (!KINDS.includes(file.type)) return set({ trouble: T.read.notPicture });
    this.clear();
    this.file = file;
    this.bitmap = await createImageBitmap(file).catch(() => null); // the server says what is wrong with it
    this.changed?.();
    this.again();
  }

  /** Asked of the server. @override */
  async again() {
    this.wanted = this.busy;
    if (this.busy || !this.reader || this.empty || !this.changed) return;
    this.busy = true;
    const answer = await this.attempt(() => this.question());
    this.busy = false;
    if (this.empty) this.reading = null;
    else if (answer) this.show(answer);
    if (this.wanted) void this.again();
  }

  /** @param {number | null} index  @returns {Promise<TestDigit>} */
  testDigit(index) {
    return get(`test-digit?${index === null ? "" : `index=${index}&`}reader=${encodeURIComponent(this.reader ?? "")}`);
  }

  /** @returns {Promise<Reading | TestDigit>} */
  async question() {
    if (this.index !== null) return this.testDigit(this.index);
    const body = this.file ?? bodyOf(this.strokes, this.width);
    const kind = this.file ? this.file.type : "application/json";
    return (await ask(`read?reader=${encodeURIComponent(this.reader ?? "")}`, { method: "POST", headers: { "content-type": kind }, body })).json();
  }

  /** @param {Reading | TestDigit} answer */
  show(answer) {
    const test = "reading" in answer ? answer : null;
    if ((test !== null) !== (this.index !== null)) return; // an answer to an earlier question
    this.test = test;
    this.reading = "reading" in answer ? answer.reading : answer;
    this.changed?.();
  }

  /**
   * @template A
   * @param {() => Promise<A>} question
   */
  async attempt(question) {
    try {
      return await question();
    } catch (error) {
      if (error instanceof Refused) set({ trouble: this.file && error.status === 415 ? T.read.notPicture : error.trouble });
      return null;
    }
  }
}

/** One for the life of the page: who looks into another room finds the drawing again, there, too. */
export const asking = new Asking();
