/** @file The photograph in the room: read by the server, then corrected by a person. A new one, or another wish, ends the question before. */
import { ask, Refused } from "../kit/api.js";
import { set } from "../kit/store.js";
import { T } from "./texts.js";
import { doubtsIn, marksOf } from "./marks.js";

/** @import { PictureReading } from "../kit/types.js" */
/** @import { Mark } from "./marks.js" */

/** Where the browser does not know what kind a file is. */
const KINDS = /** @type {Record<string, string>} */ ({
  heic: "image/heic", heif: "image/heif", avif: "image/avif", tif: "image/tiff", tiff: "image/tiff", bmp: "image/bmp", webp: "image/webp",
});

export class Photo {
  reader = /** @type {string | null} */ (null);
  file = /** @type {File | null} */ (null);
  url = "";
  expect = "";
  turn = /** @type {number | null} */ (null); // degrees clockwise; null: the server finds out
  reading = /** @type {PictureReading | null} */ (null);
  marks = /** @type {Mark[]} */ ([]);
  chosen = /** @type {Mark | null} */ (null);
  question = /** @type {AbortController | null} */ (null);
  corrected = false;
  changed = /** @type {(() => void) | null} */ (null); // of whoever looks

  /** Somebody looks. @param {() => void} changed  @returns {() => void} ends it */
  begin(changed) {
    this.changed = changed;
    return () => void (this.changed = null);
  }

  /** Another reader reads it, too; unless somebody has corrected what this one has read. @param {string | null} reader */
  use(reader) {
    if (reader === this.reader) return;
    this.reader = reader;
    if (this.file && !this.corrected) void this.read();
  }

  /** @param {File} file */
  open(file) {
    this.close();
    this.file = file;
    this.url = URL.createObjectURL(file);
    void this.read();
  }

  close() {
    this.question?.abort();
    URL.revokeObjectURL(this.url);
    Object.assign(this, { file: null, url: "", expect: "", turn: null, reading: null, marks: [], chosen: null, question: null, corrected: false });
    this.changed?.();
  }

  /** Read it (again), as it is wished for now. What was corrected is forgotten. */
  async read() {
    if (!this.file) return;
    this.question?.abort();
    const question = (this.question = new AbortController());
    this.changed?.();
    if (!this.reader) return; // it is not known yet who reads
    const reading = await this.answer(this.file, question.signal);
    if (question !== this.question) return; // it is no longer asked for
    this.question = null;
    if (reading) Object.assign(this, { reading, marks: marksOf(reading), chosen: null, corrected: false });
    else if (!this.reading) this.close();
    this.changed?.();
  }

  /** @param {File} file  @param {AbortSignal} signal  @returns {Promise<PictureReading | null>} */
  async answer(file, signal) {
    const kind = file.type || KINDS[file.name.split(".").at(-1)?.toLowerCase() ?? ""] || "application/octet-stream";
    const wishes = new URLSearchParams({ reader: this.reader ?? "", turn: String(this.turn ?? "auto") });
    if (this.expect) wishes.set("expect", this.expect);
    try {
      const answer = await ask(`read-picture?${wishes}`, { method: "POST", headers: { "content-type": kind }, body: file, signal });
      set({ trouble: null });
      return await answer.json();
    } catch (error) {
      if (signal.aborted) return null;
      const refused = error instanceof Refused ? error : null;
      set({ trouble: refused?.status === 415 ? T.photo.notPicture : (refused?.trouble ?? T.silent) });
      return null;
    }
  }

  get doubts() {
    return doubtsIn(this.marks);
  }

  /** @param {Mark} mark */
  choose(mark) {
    this.chosen = mark;
    this.changed?.();
  }

  /** A person has looked. @param {Mark} mark  @param {string} value  a digit; empty: it is none */
  correct(mark, value) {
    Object.assign(mark, { value, doubt: false });
    this.corrected = true;
    this.changed?.();
  }

  /** The next one that is in doubt, from here on and round. @param {Mark} mark */
  nextDoubt(mark) {
    const here = this.marks.indexOf(mark) + 1;
    return [...this.marks.slice(here), ...this.marks.slice(0, here)].find(({ doubt }) => doubt);
  }
}
