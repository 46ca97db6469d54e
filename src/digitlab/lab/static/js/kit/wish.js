/** @file Wishes to the server. What it refuses is told in one line under the top bar. */
import { post, Refused } from "./api.js";
import { current, set } from "./store.js";
import { asValue } from "./address.js";
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
    const trouble =
      error instanceof Refused
        ? error.trouble
        : { what: "the lab does not answer", must_be: "", got: "", help: "is `digitlab lab` still running?" };
    set({ trouble });
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
 * @param {Record<string, string>} texts
 * @param {boolean} [paused]
 */
export async function startTraining(recipe, texts, paused = false) {
  /** @type {Record<string, import("./types.js").Value>} */
  const settings = {};
  for (const setting of current().recipes?.settings ?? []) {
    const value = asValue(setting, texts[setting.name]);
    if (JSON.stringify(value) !== JSON.stringify(recipe.values[setting.name])) settings[setting.name] = value;
  }
  return attempt(() => post("train", { recipe: recipe.name, settings, from: null, paused }));
}

/** @param {string} run  @param {number} epoch  @param {Record<string, import("./types.js").Value>} settings */
export const branch = (run, epoch, settings) =>
  attempt(() => post("train", { recipe: null, settings, from: { run, epoch }, paused: false }));

/** @param {string} run */
export const resume = (run) => attempt(() => post(`runs/${encodeURIComponent(run)}/resume`, {}));

/** @param {string} run */
export async function removeRun(run) {
  const done = await attempt(() => post(`runs/${encodeURIComponent(run)}/delete`, {}));
  if (!done) return;
  const { [run]: _, ...laid } = current().laid;
  set({ laid });
  await loadRuns();
}
