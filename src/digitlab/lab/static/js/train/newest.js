/** @file Of which step the numbers are, where they are not those of an epoch. Readout and charts show the same one. */

/** @import { History, Step, Training } from "../kit/types.js" */

/**
 * Before the first epoch is over, and where each step can be followed, the newest step.
 * @param {Training | null} training
 * @param {History} history
 * @param {Step[]} steps
 */
export function newestStep(training, history, steps) {
  const newest = steps.at(-1);
  if (!training || !newest || history.epoch.length === 0) return newest;
  const slow = training.phase === "paused" || training.steps_per_second !== null;
  return slow && newest.step === training.step && newest.epoch > training.epoch ? newest : undefined;
}
