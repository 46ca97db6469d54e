/** @file A network that this page carries: unpacked, as digitlab/interop/packing.py has packed it. */
import { bytesOf } from "../../lab/static/js/kit/pixels.js";

/** @import { Network } from "./network.js" */
/** @typedef {"float32" | "float16" | "int8"} Precision */
/** @typedef {{ sizes: number[], activation: string, temperature: number, precision: Precision }} Shape */

/** @param {Shape} shape  @param {string} base64  of its bytes, deflated  @returns {Promise<Network>} */
export async function unpack({ sizes, activation, temperature, precision }, base64) {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let at = 0;
  const take = (/** @type {number} */ count, kind = precision) => {
    const size = { float32: 4, float16: 2, int8: 1 }[kind];
    const whole = new Uint8Array(count * size);
    for (let plane = 0; plane < size; plane++) for (let i = plane; i < whole.length; i += size) whole[i] = bytes[at++];
    if (kind === "float32") return new Float32Array(whole.buffer);
    if (kind === "int8") return new Float32Array(new Int8Array(whole.buffer));
    return new Float32Array(new Uint16Array(whole.buffer)).map(ofFloat16);
  };
  const layers = sizes.slice(1).map((units, i) => {
    const W = take(sizes[i] * units);
    if (precision === "int8") {
      const scales = take(units, "float32");
      for (let k = 0; k < W.length; k++) W[k] *= scales[k % units];
    }
    return { W, b: take(units, "float32") };
  });
  return { sizes, activation, temperature, layers };
}

/** The number that these 16 bits are. @param {number} bits */
function ofFloat16(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
}
