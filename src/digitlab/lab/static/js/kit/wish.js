/** @file Wishes to the server. What it refuses is told in one line under the top bar. */
import { T } from "../texts.js";
import { post, Refused } from "./api.js";
import { differing } from "./settings.js";
import { set } from "./store.js";
import { loadRuns } from "./stream.js";

/**
 * @param {() => Promise<any>} wish
 * @returns {Promise<any>} null where it was refused
 */
export async function attempt(wish) {
  try {
    const answer = await wish();
    set({ trouble: null });
    return answer;
  } catch (error) {
    set({ trouble: error instanceof Refused ? error.trouble : T.silent });
    return null;
  }
}

/**
 * What comes of it is told by the stream of events, in the right order; the answer to the wish may be older than they are.
 * @param {string} wish
 * @param {object} [more]
 */
export const control = (wish, more = {}) => attempt(() => post("control", { do: wish, ...more }));

/**
 * Begin a training with a recipe and what differs from it.
 * @param {import("./types.js").Recipe} recipe
 * @param {import("./settings.js").Texts} texts
 * @param {boolean} [paused]
 */
export const startTraining = (recipe, texts, paused = false) =>
  attempt(() => post("train", { recipe: recipe.name, settings: differing(texts, recipe.values), paused }));

/** @param {string} run  @param {number} epoch  @param {Record<string, import("./types.js").Value>} settings */
export const branch = (run, epoch, settings) => attempt(() => post("train", { settings, from: { run, epoch } }));

/** @param {string} run */
export const resume = (run) => attempt(() => post(`runs/${encodeURIComponent(run)}/resume`, {}));

/** @param {string} run */
export async function removeRun(run) {
  if (await attempt(() => post(`runs/${encodeURIComponent(run)}/delete`, {}))) await loadRuns();
}
