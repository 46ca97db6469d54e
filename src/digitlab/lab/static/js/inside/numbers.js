/**
 * @file The numbers of one step by their names, and what each of them is made of.
 *
 * A place is the place of a unit among those that are shown; of layer 0, the picture, it is the number of a pixel.
 */
import { short } from "../kit/format.js";
import { bytesOf } from "../kit/pixels.js";
import { strongest } from "./bars.js";
import { T } from "./texts.js";

/** @import { Quantity, StepTaken } from "../kit/types.js" */
/** @import { Lit } from "./step.js" */
/** @import { Row } from "./bars.js" */
/** @typedef {{ formula: string, rows: Row[], says?: string }} Origin  the terms of a sum; or a formula with its numbers */

const MOST = 6; // terms of a sum that are shown

export class Numbers {
  /** @param {StepTaken} step */
  constructor(step) {
    this.step = step;
    this.x = Array.from(bytesOf(step.pixels), (byte) => byte / 255);
    this.last = step.layers.length;
    // What a matrix is shown from, where nothing in the layer before it is pointed at: what is largest there.
    this.from = Array.from({ length: this.last }, (_, layer) => strongest(this.outputs(layer), 1)[0]);
  }

  /** The layer with this number, from 1. @param {number} layer */
  layer(layer) {
    return this.step.layers[layer - 1];
  }

  /** What a layer hands on: ink, or activations. @param {number} layer  @returns {number[]} */
  outputs(layer) {
    return layer === 0 ? this.x : /** @type {number[]} */ (this.layer(layer).a);
  }

  /** What is pointed at in the beginning: the sum of the true class. @returns {Lit} */
  first() {
    return { layer: this.last, place: this.layer(this.last).shown.indexOf(this.step.true), name: `z${this.last}` };
  }

  /** Whether there is such a number. @param {Lit} lit */
  has({ layer, place }) {
    return layer <= this.last && place < (layer === 0 ? this.x.length : this.layer(layer).shown.length);
  }

  /** What a unit or a pixel is called. @param {number} layer  @param {number} place */
  title(layer, place) {
    if (layer === 0) return T.inside.pixel(place);
    const unit = this.layer(layer).shown[place];
    return layer === this.last ? T.inside.output(this.step.names[unit]) : T.inside.unit(unit);
  }

  /** The place in the layer before from which a matrix is shown. @param {number} layer  @param {Lit} lit */
  source(layer, lit) {
    return lit.layer === layer - 1 ? lit.place : this.from[layer - 1];
  }

  /**
   * The numbers of a quantity, one for each unit that is shown; of a matrix its row from one place.
   * @param {Quantity} quantity
   * @param {Lit} lit
   * @returns {number[]}
   */
  values({ name, layer }, lit) {
    const { step } = this;
    const here = this.layer(layer);
    const kind = name.replace(/\d+$/, "");
    const from = this.source(layer, lit);
    const gradient = () => here.delta.map((delta) => this.outputs(layer - 1)[from] * delta);
    const values = /** @type {Record<string, () => number[]>} */ ({
      W: () => here.W[from],
      b: () => here.b,
      z: () => here.z,
      a: () => here.a ?? [],
      p: () => step.p,
      y: () => here.shown.map((unit) => Number(unit === step.true)),
      loss: () => [step.loss],
      delta: () => here.delta,
      dW: gradient,
      db: () => here.delta,
      "new W": () => gradient().map((slope, place) => here.W[from][place] - step.learning_rate * slope),
      "new b": () => here.new_b,
      "new p": () => step.new_p,
      "new loss": () => [step.new_loss],
    });
    return values[kind]?.() ?? [];
  }

  /**
   * How strongly each place of a layer is connected with what is pointed at: what flows between them in the forward pass.
   * @param {number} layer
   * @param {Lit} lit
   * @returns {number[] | null}  null: not at all
   */
  flow(layer, lit) {
    if (layer === lit.layer - 1) return this.outputs(layer).map((out, place) => out * this.layer(lit.layer).W[place][lit.place]);
    if (layer === lit.layer + 1 && layer <= this.last) return this.layer(layer).W[lit.place].map((weight) => weight * this.outputs(lit.layer)[lit.place]);
    return null;
  }

  /** Where a number comes from. @param {Quantity} quantity  @param {Lit} lit  @returns {Origin} */
  origin({ name, layer, formula }, lit) {
    const { step } = this;
    if (layer === 0) return { formula, rows: [], says: short(this.x[lit.place]) };
    const here = this.layer(layer);
    const { place } = lit;
    const kind = name.replace(/\d+$/, "");
    const from = this.source(layer, lit);
    const times = `${short(this.outputs(layer - 1)[from])} × ${short(here.delta[place])}`;
    const slope = this.outputs(layer - 1)[from] * here.delta[place];
    if (kind === "z") return { formula, rows: this.sum(layer, place) };
    if (kind === "delta" && layer < this.last) return { formula, rows: this.back(layer, place) };
    const says = /** @type {Record<string, () => string>} */ ({
      a: () => `${step.activation}(${short(here.z[place])}) = ${short(here.a?.[place])}`,
      p: () => `e^${short(here.z[place])} / (sum of all e^z) = ${short(step.p[place])}`,
      loss: () => `−ln ${short(step.p[here.shown.indexOf(step.true)])} = ${short(step.loss)}`,
      delta: () => `${short(step.p[place])} − ${Number(here.shown[place] === step.true)} = ${short(here.delta[place])}`,
      dW: () => `${times} = ${short(slope)}`,
      "new W": () => `${short(here.W[from][place])} − ${step.learning_rate} × ${short(slope)} = ${short(here.W[from][place] - step.learning_rate * slope)}`,
      "new b": () => `${short(here.b[place])} − ${step.learning_rate} × ${short(here.delta[place])} = ${short(here.new_b[place])}`,
      "new loss": () => `−ln ${short(step.new_p[here.shown.indexOf(step.true)])} = ${short(step.new_loss)}`,
    });
    return { formula, rows: [], says: says[kind]?.() };
  }

  /** The terms of a weighted sum. @param {number} layer  @param {number} place  @returns {Row[]} */
  sum(layer, place) {
    const here = this.layer(layer);
    const out = this.outputs(layer - 1);
    const terms = out.map((one, from) => one * here.W[from][place]);
    const before = layer === 1 ? out.length : this.layer(layer - 1).units;
    const named = (/** @type {number} */ from) => T.step.times(this.title(layer - 1, from), short(out[from]), short(here.W[from][place]));
    return [...largest(terms, before, here.z[place] - here.b[place], named), { name: T.step.bias, value: here.b[place] }, { name: `z${layer}`, value: here.z[place], strong: true }];
  }

  /** The terms of what comes back to a hidden unit. @param {number} layer  @param {number} place  @returns {Row[]} */
  back(layer, place) {
    const [here, after] = [this.layer(layer), this.layer(layer + 1)];
    const terms = after.delta.map((delta, to) => delta * after.W[place][to]);
    const named = (/** @type {number} */ to) => T.step.times(this.title(layer + 1, to), short(after.delta[to]), short(after.W[place][to]));
    const slope = here.slope?.[place] ?? 0;
    return [
      ...largest(terms, after.units, here.back?.[place] ?? 0, named),
      { name: `× ${this.step.activation}'(${short(here.z[place])})`, value: slope, strong: true },
      { name: `delta${layer}`, value: here.delta[place], strong: true },
    ];
  }
}

/**
 * The largest terms of a sum, and the others together.
 * @param {number[]} terms  those that are known
 * @param {number} all  how many there are
 * @param {number} total  of all of them
 * @param {(place: number) => string} named
 * @returns {Row[]}
 */
function largest(terms, all, total, named) {
  const shown = strongest(terms, MOST);
  const rest = total - shown.reduce((sum, place) => sum + terms[place], 0);
  const rows = shown.map((place) => ({ name: named(place), value: terms[place] }));
  return all > shown.length ? [...rows, { name: T.step.rest(all - shown.length), value: rest }] : rows;
}
