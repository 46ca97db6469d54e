/** @file The weights of the first layer as pictures that form before your eyes. Asked for only while they are seen. */
import { html, useEffect, useRef } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { fetchWeights, paintWeights, useNarrow } from "../kit/weights.js";
import { T } from "../texts.js";

const EVERY = 1000; // milliseconds between two pictures, at least
const MOST = 256; // units shown

export function Weights() {
  const units = useStore((s) => Number(/** @type {number[]} */ (s.training?.values.layers ?? [0, 64])[1]));
  const run = useStore((s) => s.training?.run);
  const news = useStore((s) => s.news);
  const theme = useStore((s) => s.theme);
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const seen = useRef(true);
  const task = useRef({ busy: false, next: 0, later: 0, wanted: false });
  const bytes = useRef(/** @type {Uint8Array | null} */ (null));
  const shown = Math.min(units, MOST);
  const narrow = useNarrow();
  const columns = narrow || shown <= 16 ? 8 : 16;

  const ask = async () => {
    const now = task.current;
    now.wanted = true;
    if (now.busy || !seen.current || document.hidden) return;
    const wait = now.next - performance.now();
    if (wait > 0) {
      clearTimeout(now.later);
      now.later = setTimeout(ask, wait);
      return;
    }
    now.busy = true;
    now.wanted = false;
    now.next = performance.now() + EVERY;
    try {
      const got = await fetchWeights("live");
      bytes.current = got.bytes;
      if (canvas.current && got.units === units) paintWeights(canvas.current, got.bytes, shown);
    } catch {
      // The next news asks again.
    }
    now.busy = false;
    if (now.wanted) void ask();
  };
  useEffect(() => {
    const drawn = canvas.current;
    if (!drawn) return undefined;
    const observer = new IntersectionObserver((entries) => {
      seen.current = entries.some((entry) => entry.isIntersecting);
      if (seen.current) void ask();
    });
    observer.observe(drawn);
    return () => {
      observer.disconnect();
      clearTimeout(task.current.later);
    };
  }, [shown, columns]);
  useEffect(() => void ask(), [news, run]);
  useEffect(() => {
    if (canvas.current && bytes.current) paintWeights(canvas.current, bytes.current, shown);
  }, [theme, narrow]);

  return html`<section class="weights card" aria-labelledby="weights-heading">
    <h2 id="weights-heading">${T.weights.heading}</h2>
    <p class="note">${T.weights.about} ${units > MOST && T.weights.some(MOST, units)}</p>
    <canvas
      ref=${canvas}
      key=${`${shown} ${columns}`}
      width=${columns * 30 - 2}
      height=${Math.ceil(shown / columns) * 30 - 2}
      role="img"
      aria-label=${T.weights.label(units)}
    ></canvas>
  </section>`;
}
