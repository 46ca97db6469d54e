/** @file The pad of this page: what is on it is read here, by the network that the page carries. */
import { Sheet } from "../../lab/static/js/read/sheet.js";
import { openPicture } from "./opening.js";
import { prepare, prepareInk } from "./prepare.js";
import { draw } from "./strokes.js";

/** @import { Opened } from "./opening.js" */
/** @import { Reader } from "./reader.js" */

export class PageSheet extends Sheet {
  reading = /** @type {ReturnType<Reader["read"]> | null} */ (null);
  opened = /** @type {Opened | null} */ (null);
  refused = false; // the last file was no picture
  frame = 0;

  /** @param {Reader} reader */
  constructor(reader) {
    super();
    this.reader = reader;
  }

  /** @override */
  get empty() {
    return this.strokes.length === 0 && this.opened === null;
  }

  /** @param {Blob} file */
  async readFile(file) {
    const opened = await openPicture(file);
    this.clear();
    this.refused = opened === null;
    this.opened = opened;
    this.bitmap = opened?.bitmap ?? null;
    this.again();
    this.changed?.();
  }

  /** @override */
  forget() {
    super.forget();
    this.opened = null;
    this.refused = false;
  }

  /** With the next picture that the browser draws, not with every point of a line. @override */
  again() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.reading = this.empty ? null : this.reader.read(this.pixels());
      this.changed?.();
    });
  }

  pixels() {
    return this.opened ? prepare(this.opened.pixels) : prepareInk(draw(this.strokes, this.width));
  }
}
