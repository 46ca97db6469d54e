/** @file What the units of a first layer look for, as pictures: 784 bytes for each unit, 128 for 0, painted side by side. */
import { ask, Refused } from "./api.js";
import { choosing } from "./grid.js";
import { html, useEffect, useRef, useResize, useSeen, useState } from "./lib.js";
import { useParts, useStore } from "./store.js";
import { colour, weightColours } from "./theme.js";

export const MOST_UNITS = 256; // that are shown
const SIDE = 28;
const GAP = 2;
const DARK = 0.06; // how bright a unit is that answers nothing
const SETTLED = 120; // milliseconds that a slider has been at a snapshot before its weights are asked for
const EVERY = 1000; // milliseconds between two questions about a network that learns

/** @typedef {{ place: number, says: string, onChoose: (place: number) => void }} Choice  place: which picture, -1 for none */

/**
 * Asked for once, and as the training under way goes on again, while they are seen.
 * @param {{
 *   reader: string | null, units: number, label: string, most?: number, columns?: number, light?: number[],
 *   order?: number[], choice?: Choice,
 * }} props  light: for each picture how strongly it is lit, 0 to 1; without it, the plain pictures; order: the units that
 * are shown, instead of the first ones; choice: one of the pictures may be chosen
 */
export function Weights({ reader, units, label, most = MOST_UNITS, columns, light, order, choice }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const [narrow, setNarrow] = useState(isNarrow);
  useResize(canvas, () => setNarrow(isNarrow()));
  const bytes = useWeights(reader, canvas);
  const shown = order ? order.length : Math.min(units, most);
  const across = columns ?? (narrow || shown <= 16 ? 8 : 16);
  useEffect(() => {
    const known = bytes && bytes.length >= units * SIDE * SIDE;
    const all = order ?? Array.from({ length: shown }, (_, unit) => unit);
    if (canvas.current && (known || light)) paint(canvas.current, known ? bytes : null, all, light);
    if (canvas.current && choice && choice.place >= 0) paintChosen(canvas.current, choice.place, across);
  }, [bytes, units, shown, across, theme, light, order, choice?.place]);
  const roles = choice ? choosing({ label, columns: across, count: shown, cell: SIDE + GAP, ...choice, chosen: choice.place }) : { role: "img", "aria-label": label };
  return html`<canvas
    ref=${canvas}
    class="pictures"
    width=${across * (SIDE + GAP) - GAP}
    height=${Math.max(1, Math.ceil(shown / across)) * (SIDE + GAP) - GAP}
    ...${roles}
  ></canvas>`;
}

/**
 * How bright each unit is: what it answers as a part of the strongest answer, or of 1 where answers end there.
 * @param {(number | null)[]} answers
 * @param {number} [shown]  how many are wanted
 */
export function lights(answers, shown = answers.length) {
  const sizes = answers.map((one) => Math.abs(one ?? 0));
  const strongest = sizes.reduce((a, b) => Math.max(a, b), 1);
  return Array.from({ length: shown }, (_, i) => Math.max(DARK, (sizes[i] ?? 0) / strongest));
}

/**
 * The newest weights of a reader; until they are here, those that were asked for before.
 * @param {string | null} reader
 * @param {{ current: HTMLCanvasElement | null }} canvas
 */
function useWeights(reader, canvas) {
  const version = useStore((s) => (reader === "live" ? s.news : 0));
  const [bytes, setBytes] = useState(/** @type {Uint8Array | null} */ (null));
  const [busy, setBusy] = useState(false);
  const seen = useSeen(canvas);
  const last = useRef({ reader: /** @type {string | null} */ (null), version: 0, at: 0 });
  useEffect(() => {
    const same = last.current.reader === reader;
    if (!reader || busy || (same && (!seen || last.current.version === version))) return undefined;
    let frame = 0; // none is drawn while the page is out of sight
    const fetchNow = async () => {
      last.current = { reader, version, at: performance.now() };
      setBusy(true);
      try {
        const answer = await ask(`weights?reader=${encodeURIComponent(reader)}`);
        setBytes(new Uint8Array(await answer.arrayBuffer()));
      } catch (error) {
        if (error instanceof Refused) setBytes(null); // else the lab may come back
      }
      setBusy(false);
    };
    const wait = same ? last.current.at + EVERY - performance.now() : reader.includes("@") ? SETTLED : 0;
    const later = setTimeout(() => (frame = requestAnimationFrame(fetchNow)), wait);
    return () => {
      clearTimeout(later);
      cancelAnimationFrame(frame);
    };
  }, [reader, version, seen, busy]);
  return bytes;
}

/** Whether there is room for few pictures side by side only. */
const isNarrow = () => innerWidth <= 700;

/**
 * Paint pictures from the upper left on, as many side by side as fit.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array | null} bytes  null: weights of 0
 * @param {number[]} units  of which there are pictures
 * @param {number[]} [light]
 */
function paint(canvas, bytes, units, light) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  /** @type {Map<number | null, Uint32Array>} */
  const tables = new Map();
  const coloursAt = (/** @type {number | null} */ lit) => {
    const table = tables.get(lit) ?? weightColours(lit);
    tables.set(lit, table);
    return table;
  };
  const columns = Math.floor((canvas.width + GAP) / (SIDE + GAP));
  const image = painter.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (const [place, unit] of units.entries()) {
    let from = unit * SIDE * SIDE;
    const left = (place % columns) * (SIDE + GAP);
    const top = Math.floor(place / columns) * (SIDE + GAP);
    const colours = coloursAt(light ? Math.round(light[place] * 40) / 40 : null);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++, from++) pixels[(top + y) * canvas.width + left + x] = colours[bytes ? bytes[from] : 128];
    }
  }
  painter.putImageData(image, 0, 0);
}

/** A frame around the one that is chosen. @param {HTMLCanvasElement} canvas  @param {number} place  @param {number} columns */
function paintChosen(canvas, place, columns) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  painter.strokeStyle = colour("--accent");
  painter.lineWidth = GAP;
  const [x, y] = [place % columns, Math.floor(place / columns)];
  painter.strokeRect(x * (SIDE + GAP) + GAP / 2, y * (SIDE + GAP) + GAP / 2, SIDE - GAP, SIDE - GAP);
}
