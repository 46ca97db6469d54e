/** @file The state of the page, in one place. Components read a part of it and are drawn again when that part changes. */
import { useEffect, useRef, useState } from "./lib.js";

/** @import { RoomName } from "../rooms.js" */
/** @import { About, History, Insight, Reader, Recipes, Run, RunDetails, Step, Training, Trouble } from "./types.js" */

/** @returns {History} */
export const emptyHistory = () => ({ epoch: [], loss: [], accuracy: [], seconds: [], validation_loss: [], validation_accuracy: [] });

/**
 * @typedef {{
 *   room: RoomName, address: Record<string, string>, theme: string, trouble: Trouble | null,
 *   connection: "connecting" | "open" | "lost", about: About | null, recipes: Recipes,
 *   training: Training | null, history: History, insight: Insight | null, steps: Step[], news: number,
 *   runs: Run[], readers: Reader[], defaultReader: string | null, laid: Record<string, RunDetails>,
 * }} State
 */

/** @type {State} */
let state = {
  room: /** @type {any} */ (""), // the address says it
  address: {},
  theme: "",
  trouble: null,
  connection: "connecting",
  about: null,
  recipes: { settings: [], recipes: [] },
  training: null,
  history: emptyHistory(),
  insight: null,
  steps: [],
  news: 0, // grows whenever the network under way has changed
  runs: [],
  readers: [],
  defaultReader: null,
  laid: {}, // earlier runs whose curves are shown
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

/**
 * Something that follows from the state.
 * @template P
 * @param {(state: State) => P} pick
 * @param {(a: P, b: P) => boolean} [same]  whether it is still as it was drawn
 * @returns {P}
 */
export function useStore(pick, same = Object.is) {
  const [, again] = useState(0);
  const picked = pick(state);
  const drawn = useRef({ pick, picked });
  drawn.current = { pick, picked };
  useEffect(() => {
    const look = () => same(drawn.current.pick(state), drawn.current.picked) || again((n) => n + 1);
    look(); // it may have changed between drawing and listening
    listeners.add(look);
    return () => void listeners.delete(look);
  }, []);
  return picked;
}

/**
 * Parts of the state, by their names.
 * @template {keyof State} K
 * @param {...K} names
 * @returns {Pick<State, K>}
 */
export const useParts = (...names) => useStore((now) => now, (a, b) => names.every((name) => a[name] === b[name]));

/** @param {{ phase: string } | null} training */
export const isUnderWay = (training) => training !== null && ["running", "paused", "stopping"].includes(training.phase);
