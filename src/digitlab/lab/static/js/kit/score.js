/** @file How many test digits a reader gets right: asked for as it changes, while somebody looks. */
import { get, Refused } from "./api.js";
import { useLater, useRef, useState } from "./lib.js";
import { useStore } from "./store.js";

/** @import { TestScore, Trouble } from "./types.js" */

const EVERY = 1000; // milliseconds between two questions about a network that learns

/**
 * The newest score; null until one is known; or why there is none.
 * @param {string} reader  the same as long as the component is there
 * @returns {{ score: TestScore | null, trouble: Trouble | null }}
 */
export function useTestScore(reader) {
  const news = useStore((s) => (reader === "live" ? s.news : 0));
  const [found, setFound] = useState({ score: /** @type {TestScore | null} */ (null), trouble: /** @type {Trouble | null} */ (null) });
  const [busy, setBusy] = useState(false);
  const last = useRef({ news: -1, at: -EVERY });
  const look = async () => {
    if (busy || document.hidden || last.current.news === news) return;
    last.current = { news, at: performance.now() };
    setBusy(true);
    try {
      setFound({ score: await get(`test-score?reader=${encodeURIComponent(reader)}`), trouble: null });
    } catch (error) {
      if (error instanceof Refused) setFound({ score: null, trouble: error.trouble }); // else the lab may come back
    }
    setBusy(false);
  };
  useLater(look, last.current.at + EVERY - performance.now(), [news, busy]);
  return found;
}
