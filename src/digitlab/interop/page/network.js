/**
 * @file A network: layer by layer forward to its probabilities, and back to its pixels. As digitlab/network/network.py,
 * activations.py and backward.py have it; the sums are of 64 bits.
 */

/** @typedef {{ W: Float32Array, b: Float32Array }} Layer  W: of each input the weights to all units, one input after the other */
/** @typedef {{ sizes: number[], activation: string, temperature: number, layers: Layer[] }} Network */
/** @typedef {{ inputs: Float64Array[], sums: Float64Array[] }} Forward  what each layer takes, and its weighted sums; the last are the logits */

const ROOT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const FLAT = 10; // beyond it GELU is 0 or z
const LEAK = 0.01;

const geluTanh = (/** @type {number} */ z) => Math.tanh(ROOT_2_OVER_PI * (z + CUBIC * z * z * z));
const within = (/** @type {number} */ z) => Math.max(-FLAT, Math.min(FLAT, z));

/** a = f(z), and its derivative. @type {Record<string, { f: (z: number) => number, slope: (z: number, a: number) => number }>} */
const ACTIVATIONS = {
  sigmoid: { f: (z) => 1 / (1 + Math.exp(-z)), slope: (_, a) => a * (1 - a) },
  tanh: { f: Math.tanh, slope: (_, a) => 1 - a * a },
  relu: { f: (z) => Math.max(z, 0), slope: (_, a) => (a > 0 ? 1 : 0) },
  leaky_relu: { f: (z) => Math.max(z, LEAK * z), slope: (_, a) => (a > 0 ? 1 : LEAK) },
  gelu: {
    f: (z) => (z * (1 + geluTanh(within(z)))) / 2,
    slope: (z) => {
      const flat = within(z);
      const t = geluTanh(flat);
      return (1 + t) / 2 + (flat / 2) * (1 - t * t) * ROOT_2_OVER_PI * (1 + 3 * CUBIC * flat * flat);
    },
  },
};

/**
 * @param {Network} network
 * @param {Float64Array} x  0..1
 * @param {Float64Array} [first]  the sums of the first layer, where they are known
 * @returns {Forward}
 */
export function forward({ layers, activation }, x, first = weighted(layers[0], x)) {
  const { f } = ACTIVATIONS[activation];
  /** @type {Forward} */
  const passed = { inputs: [x], sums: [first] };
  for (const layer of layers.slice(1)) {
    const a = passed.sums[passed.sums.length - 1].map(f);
    passed.inputs.push(a);
    passed.sums.push(weighted(layer, a));
  }
  return passed;
}

/** z = a W + b. Most pixels are 0, and so are many units: they are passed over. @param {Layer} layer  @param {Float64Array} a */
function weighted({ W, b }, a) {
  const z = Float64Array.from(b);
  for (let i = 0, at = 0; i < a.length; i++, at += z.length) {
    const value = a[i];
    if (value !== 0) for (let h = 0; h < z.length; h++) z[h] += value * W[at + h];
  }
  return z;
}

/**
 * The derivative of a weighted sum of a layer by those of the first layer.
 * @param {Network} network
 * @param {Forward} passed
 * @param {number} unit  whose sum
 * @param {number} [layer]  of which layer, from 0; by default the last
 */
export function firstDelta({ layers, activation }, passed, unit, layer = layers.length - 1) {
  const { slope } = ACTIVATIONS[activation];
  let delta = new Float64Array(layers[layer].b.length);
  delta[unit] = 1;
  for (let number = layer; number > 0; number--) {
    const [z, a] = [passed.sums[number - 1], passed.inputs[number]];
    const { W } = layers[number];
    const after = delta;
    delta = z.map((_, h) => {
      const rise = slope(z[h], a[h]);
      return rise === 0 ? 0 : rise * dot(W, h * after.length, after);
    });
  }
  return delta;
}

/** The same by the pixels. @param {Network} network  @param {Float64Array} delta  as `firstDelta` gives it */
export const atPixels = ({ sizes, layers }, delta) => Float64Array.from({ length: sizes[0] }, (_, pixel) => dot(layers[0].W, pixel * delta.length, delta));

/** @param {Float32Array} W  @param {number} begin  @param {Float64Array} delta */
function dot(W, begin, delta) {
  let sum = 0;
  for (let i = 0; i < delta.length; i++) sum += W[begin + i] * delta[i];
  return sum;
}

/** @param {ArrayLike<number>} logits  @param {number} temperature */
export function softmax(logits, temperature) {
  const largest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (z) => Math.exp((z - largest) / temperature));
  const all = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / all);
}
