/** @file What the network sees, and its hidden units lighting up. */
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { fetchWeights, paintWeights } from "../kit/weights.js";
import { T } from "../texts.js";
import { bytesOf } from "./asking.js";
import { paintPixels } from "./painting.js";
import { readerOf } from "./readers.js";

const MOST = 256;
const DARK = 0.06;
const FOLLOW_EVERY = 1000; // milliseconds: the pictures change more slowly than the answers

/** @param {{ asking: import("./asking.js").Asking, reader: string | null }} props */
export function Inside({ asking, reader }) {
  const theme = useStore((s) => s.theme);
  const sizes = useStore((s) => readerOf(s.readers, reader)?.sizes);
  const version = useStore((s) => (reader === "live" ? s.news : 0));
  const [weights, setWeights] = useState(/** @type {Uint8Array | null} */ (null));
  const seen = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const units = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const last = useRef({ reader: /** @type {string | null} */ (null), at: 0, later: 0 });
  const { reading } = asking;
  const hidden = sizes ? (sizes.length > 2 ? sizes[1] : 0) : 64;
  const shown = Math.min(hidden, MOST);
  const pixels = reading && !reading.blank ? reading.pixels : "";
  const answers = reading && !reading.blank && hidden ? (reading.hidden[0] ?? []) : [];
  const light = lights(answers, shown);

  useEffect(() => {
    const now = last.current;
    if (!reader) return;
    const fetchNow = () => {
      now.at = performance.now();
      fetchWeights(reader).then(
        (got) => last.current.reader === reader && setWeights(got.bytes),
        () => {}, // without pictures the units are still there
      );
    };
    clearTimeout(now.later);
    if (now.reader !== reader) {
      now.reader = reader;
      setWeights(null);
      fetchNow();
    } else now.later = setTimeout(fetchNow, Math.max(0, now.at + FOLLOW_EVERY - performance.now()));
  }, [reader, version]);
  useEffect(() => () => clearTimeout(last.current.later), []);
  useEffect(() => {
    if (seen.current) paintPixels(seen.current, pixels ? bytesOf(pixels) : null, "--pad-ink");
  }, [pixels, theme]);
  useEffect(() => {
    const bytes = weights && weights.length >= shown * 784 ? weights : new Uint8Array(shown * 784).fill(128);
    if (units.current) paintWeights(units.current, bytes, shown, light);
  });

  const on = answers.length ? light.slice(0, shown).filter((one) => one > 0.5).length : 0;
  const columns = shown <= 16 ? Math.min(8, shown || 1) : shown <= 64 ? 8 : 16;
  return html`<section class="sees card" aria-labelledby="sees-heading">
      <h2 id="sees-heading">${T.read.sees}</h2>
      <canvas ref=${seen} width="28" height="28" role="img" aria-label=${T.read.seesLabel}></canvas>
      <p class="note">${T.read.seesHelp}</p>
    </section>
    ${shown > 0 &&
    html`<section class="units card" aria-labelledby="units-heading">
      <h2 id="units-heading">${T.read.hidden}</h2>
      <canvas
        ref=${units}
        key=${`${shown}`}
        width=${columns * 30 - 2}
        height=${Math.ceil(shown / columns) * 30 - 2}
        role="img"
        aria-label=${T.read.hiddenLabel(on, hidden)}
      ></canvas>
      <p class="note">${T.read.hiddenHelp}${hidden > MOST && ` ${T.weights.some(MOST, hidden)}`}</p>
    </section>`}`;
}

/**
 * How bright each unit is: what it answers as a part of the strongest answer, or of 1 where answers end there.
 * @param {number[]} answers
 * @param {number} shown
 */
function lights(answers, shown) {
  const strongest = Math.max(1, ...answers.map(Math.abs));
  return Array.from({ length: shown }, (_, i) => Math.max(DARK, Math.abs(answers[i] ?? 0) / strongest));
}
