/** @file Pictures of weights: 784 bytes for each unit, 128 for 0, painted side by side. */
import { ask } from "./api.js";
import { useEffect, useState } from "./lib.js";
import { weightColours } from "./theme.js";

const SIDE = 28;
const GAP = 2;

/** @param {string} reader  @returns {Promise<{ bytes: Uint8Array, units: number, version: string }>} */
export async function fetchWeights(reader) {
  const answer = await ask(`weights?reader=${encodeURIComponent(reader)}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { bytes, units: Number(answer.headers.get("x-units")), version: answer.headers.get("x-version") ?? "" };
}

/**
 * Paint pictures from the upper left on, as many side by side as fit.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes
 * @param {number} units  how many pictures
 * @param {number[]} [light]  for each, how strongly it is lit, 0 to 1; without it, the plain pictures
 */
export function paintWeights(canvas, bytes, units, light) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  /** @type {Map<number, Uint8ClampedArray>} */
  const tables = new Map();
  const coloursAt = (/** @type {number | null} */ lit) => {
    const key = lit === null ? -1 : Math.round(lit * 40);
    const table = tables.get(key) ?? weightColours(lit);
    tables.set(key, table);
    return table;
  };
  const columns = Math.floor((canvas.width + GAP) / (SIDE + GAP));
  const image = painter.createImageData(canvas.width, canvas.height);
  for (let unit = 0; unit < units; unit++) {
    const left = (unit % columns) * (SIDE + GAP);
    const top = Math.floor(unit / columns) * (SIDE + GAP);
    const colours = coloursAt(light ? light[unit] : null);
    for (let y = 0; y < SIDE; y++) {
      let to = ((top + y) * canvas.width + left) * 4;
      let from = unit * SIDE * SIDE + y * SIDE;
      for (let x = 0; x < SIDE; x++, to += 4, from++) {
        const place = bytes[from] * 3;
        image.data[to] = colours[place];
        image.data[to + 1] = colours[place + 1];
        image.data[to + 2] = colours[place + 2];
        image.data[to + 3] = 255;
      }
    }
  }
  painter.putImageData(image, 0, 0);
}

const phone = matchMedia("(max-width: 700px)");

/** Whether there is room for few pictures side by side only. */
export function useNarrow() {
  const [narrow, setNarrow] = useState(phone.matches);
  useEffect(() => {
    const changed = () => setNarrow(phone.matches);
    phone.addEventListener("change", changed);
    return () => phone.removeEventListener("change", changed);
  }, []);
  return narrow;
}
