/** @file The state of the page, in one place. Components read a part of it and are drawn again when that part changes. */
import { useEffect, useRef, useState } from "./lib.js";

/**
 * @typedef {{
 *   room: "train" | "read", address: Record<string, string>,
 *   connection: "connecting" | "open" | "lost", about: import("./types.js").About | null,
 *   recipes: import("./types.js").Recipes | null, loaded: boolean,
 *   training: import("./types.js").Training | null, history: import("./types.js").History,
 *   insight: import("./types.js").Insight | null, steps: import("./types.js").Step[], news: number,
 *   runs: import("./types.js").Run[], readers: import("./types.js").Reader[], defaultReader: string | null,
 *   laid: Record<string, import("./types.js").RunDetails>, trouble: import("./types.js").Trouble | null, theme: string,
 * }} State
 */

/** @returns {import("./types.js").History} */
export const emptyHistory = () => ({
  epoch: [],
  loss: [],
  accuracy: [],
  seconds: [],
  validation_loss: [],
  validation_accuracy: [],
});

/** @type {State} */
let state = {
  room: "train",
  address: {},
  connection: "connecting",
  about: null,
  recipes: null,
  loaded: false,
  training: null,
  history: emptyHistory(),
  insight: null,
  steps: [],
  news: 0, // grows whenever the network under way has changed
  runs: [],
  readers: [],
  defaultReader: null,
  laid: {}, // earlier runs whose curves are shown
  trouble: null,
  theme: "",
};

/** @type {Set<() => void>} */
const listeners = new Set();

export const current = () => state;

const DRAW_EVERY = 100; // milliseconds
let drawLater = 0;

/** @param {Partial<State>} change */
export function set(change) {
  state = { ...state, ...change };
  draw();
}

/**
 * The same for what comes many times a second: it is drawn a little later, together with what comes meanwhile. Training
 * and page share the machine's cores; each drawing that nobody could follow would be taken from the training.
 * @param {Partial<State>} change
 */
export function setOften(change) {
  state = { ...state, ...change };
  drawLater ||= setTimeout(draw, DRAW_EVERY);
}

function draw() {
  clearTimeout(drawLater);
  drawLater = 0;
  for (const listener of [...listeners]) listener();
}

/** @param {() => void} listener  @returns {() => void} ends it */
export function listen(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * A part of the state. What `pick` gives must be the same object or value as long as nothing changed.
 * @template P
 * @param {(state: State) => P} pick
 * @returns {P}
 */
export function useStore(pick) {
  const [, again] = useState(0);
  const seen = useRef({ pick, picked: /** @type {P | null} */ (null) });
  const picked = pick(state);
  seen.current = { pick, picked };
  useEffect(() => {
    const look = () => {
      if (!Object.is(seen.current.pick(state), seen.current.picked)) again((n) => n + 1);
    };
    look(); // it may have changed between drawing and listening
    return listen(look);
  }, []);
  return picked;
}

/** @param {{ phase: string } | null} training */
export const isUnderWay = (training) =>
  training !== null && (training.phase === "running" || training.phase === "paused" || training.phase === "stopping");
