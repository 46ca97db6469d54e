/**
 * @file Which pixels speak for a class: integrated gradients of its logit, from black paper to the picture. As
 * digitlab/inside/attribution.py has it: the way is cut where a weighted sum changes its sign, and its pieces are halved
 * until all pixels add up to what the logit has risen by.
 */
import { atPixels, firstDelta, forward } from "./network.js";

/** @import { Network } from "./network.js" */
/** @typedef {{ pixels: Float64Array, sum: number, expected: number }} Attribution  above 0 speaks for the class; expected: by how much the logit rises */

const EXACT_ENOUGH = 1e-5; // of a logit
const FEWEST_PIECES = 16;
const MOST_PIECES = 20_000;
const AT_ONCE = 12; // milliseconds: then the page may draw

/**
 * Takes a moment; the page goes on meanwhile.
 * @param {Network} network
 * @param {Float64Array} x  the picture, 0..1
 * @param {number} asked  the class
 * @param {() => boolean} [wanted]  whether anybody still waits
 * @returns {Promise<Attribution | null>}  null where nobody does
 */
export async function attribute(network, x, asked, wanted = () => true) {
  let since = performance.now();
  const goesOn = async () => {
    if (performance.now() - since < AT_ONCE) return true;
    await othersFirst();
    since = performance.now();
    return wanted();
  };
  const [from, to] = [x.map(() => 0), x].map((one) => forward(network, one).sums[0]);
  const at = (/** @type {number} */ t) => forward(network, x, from.map((z, unit) => z + t * (to[unit] - z))); // its first layer is straight
  const logit = (/** @type {number} */ t) => at(t).sums[network.layers.length - 1][asked];
  const expected = logit(1) - logit(0);
  let cuts = Array.from({ length: FEWEST_PIECES + 1 }, (_, i) => i / FEWEST_PIECES);
  for (let layer = 0; layer + 1 < network.layers.length && cuts.length <= MOST_PIECES; layer++) {
    const bends = /** @type {number[]} */ ([]);
    let before = at(0).sums[layer];
    for (let i = 1; i < cuts.length; i++) {
      if (!(await goesOn())) return null;
      const after = at(cuts[i]).sums[layer];
      after.forEach((z, unit) => {
        if (before[unit] < 0 !== z < 0) bends.push(cuts[i - 1] + ((cuts[i] - cuts[i - 1]) * before[unit]) / (before[unit] - z));
      });
      before = after;
    }
    cuts = [...new Set([...cuts, ...bends])].sort((a, b) => a - b);
  }
  for (;;) {
    const middles = cuts.slice(1).map((cut, i) => (cut + cuts[i]) / 2);
    const delta = new Float64Array(network.layers[0].b.length); // the mean of that of the first layer
    for (const [i, middle] of middles.entries()) {
      if (!(await goesOn())) return null;
      firstDelta(network, at(middle), asked).forEach((one, unit) => (delta[unit] += (cuts[i + 1] - cuts[i]) * one));
    }
    const pixels = atPixels(network, delta).map((one, i) => one * x[i]);
    const sum = pixels.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - expected) <= EXACT_ENOUGH || 2 * middles.length > MOST_PIECES) return { pixels, sum, expected };
    cuts = [...cuts, ...middles].sort((a, b) => a - b);
  }
}

/** Events that wait have their turn. (A timer would wait at least 4 ms, and a second where the page is out of sight.) */
function othersFirst() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done) => {
    port1.onmessage = done;
    port2.postMessage(null);
  });
}
