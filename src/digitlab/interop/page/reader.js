/** @file Who reads on this page: what the network says of a picture, and whether that is to be believed. */
import { asBase64 } from "../../lab/static/js/kit/pixels.js";
import { deskew } from "./deskew.js";
import { unpack } from "./model.js";
import { forward, softmax } from "./network.js";

/** @import { Reading } from "../../lab/static/js/kit/types.js" */
/** @import { Shape } from "./model.js" */
/** @import { Forward, Network } from "./network.js" */
/**
 * @typedef {object} Model  what digitlab/interop/page.py has written into this page
 * @property {string} title
 * @property {Shape} network
 * @property {string[]} classes
 * @property {boolean} deskew  whether the network sees digits made upright
 * @property {{ shape: Shape, rejected: number, doubted: number, sure: number } | null} rejection  the network that tells digits
 * from all else, and below which probabilities an answer is rejected or doubted; null where it is not digits that are read
 * @property {Record<string, string>} facts  about the network, by name
 * @property {string} version  of digitlab
 */

export class Reader {
  /** @param {Model} model  @param {Network} network  @param {Network | null} digitOrNot */
  constructor({ classes, deskew: upright, rejection }, network, digitOrNot) {
    this.classes = classes;
    this.upright = upright;
    this.rejection = rejection;
    this.network = network;
    this.digitOrNot = digitOrNot;
  }

  /** @param {Model} model  @param {string[]} packed  base64 of the networks */
  static async of(model, [network, digitOrNot]) {
    const { rejection } = model;
    return new Reader(model, await unpack(model.network, network), rejection && (await unpack(rejection.shape, digitOrNot)));
  }

  /** What the network says of 784 bytes. @param {Uint8Array} pixels  @returns {Reading & { passed: Forward }} */
  read(pixels) {
    const seen = this.upright ? deskew(pixels) : pixels;
    const passed = forward(this.network, inputsOf(seen));
    const logits = passed.sums[passed.sums.length - 1];
    const probabilities = softmax(logits, this.network.temperature);
    const blank = pixels.every((byte) => byte === 0);
    const { rejected, doubtful } = blank ? { rejected: false, doubtful: false } : this.verdict(pixels, Math.max(...probabilities));
    const digit = blank || rejected ? null : logits.indexOf(Math.max(...logits));
    const name = digit === null ? null : this.classes[digit];
    return { reader: "", version: 0, blank, digit, name, rejected, doubtful, probabilities, pixels: asBase64(seen), hidden: [], passed };
  }

  /** As digitlab/reading/reject.py. @param {Uint8Array} pixels  @param {number} probability  of the answer */
  verdict(pixels, probability) {
    if (!this.digitOrNot || !this.rejection) return { rejected: false, doubtful: false };
    const { sums } = forward(this.digitOrNot, inputsOf(pixels));
    const [, isDigit] = softmax(sums[sums.length - 1], this.digitOrNot.temperature);
    const rejected = isDigit < this.rejection.rejected;
    return { rejected, doubtful: !rejected && (isDigit < this.rejection.doubted || probability < this.rejection.sure) };
  }
}

/** @param {Uint8Array} pixels */
const inputsOf = (pixels) => Float64Array.from(pixels, (byte) => byte / 255);
