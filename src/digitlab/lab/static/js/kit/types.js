/**
 * @file What the server says, as types. The OpenAPI document at /api/openapi.json has the same in full.
 *
 * @typedef {"training" | "epochs" | "step" | "insight" | "runs" | "reset"} EventKind
 *
 * @typedef {number | string | number[]} Value
 *
 * @typedef {{
 *   name: string, kind: "number" | "whole number" | "choice" | "layer sizes", default: Value, help: string, why: string,
 *   low?: number, high?: number, above?: boolean, below?: boolean, choices: Record<string, string>,
 *   applies: { setting: string, values: Value[] } | null, live: boolean, must_be: string, applies_in_words: string,
 * }} Setting
 *
 * @typedef {{ name: string, about: string, values: Record<string, Value> }} Recipe
 * @typedef {{ settings: Setting[], recipes: Recipe[] }} Recipes
 *
 * @typedef {{
 *   epoch: number[], loss: number[], accuracy: number[], seconds: number[],
 *   validation_loss: (number | null)[], validation_accuracy: (number | null)[],
 * }} History
 *
 * @typedef {{ units: number, gradient: number | null, weights: number | null, dead: number, saturated: number }} Layer
 * @typedef {{ epoch: number, step: number, layers: Layer[], version: number }} Insight
 * @typedef {{ step: number, epoch: number, loss: number, accuracy: number }} Step
 * @typedef {{ what: string, must_be: string, got: string, help: string }} Trouble
 * @typedef {"running" | "paused" | "stopping" | "finished" | "early" | "interrupted" | "failed"} Phase
 *
 * @typedef {{
 *   run: string, phase: Phase, recipe: string, values: Record<string, Value>, network: string, source: string,
 *   samples: number, held_out: number, engine: string, threads: number, epoch: number, epochs: number, step: number,
 *   seconds: number, epochs_per_second: number | null, steps_per_second: number | null, error: Trouble | null,
 *   history?: History, insight: Insight | null,
 *   changes: Change[],
 *   parent: { run: string, epoch: number } | null, snapshots: number[],
 * }} Training
 *
 * @typedef {{
 *   name: string, state: string, epochs: number, of: number, loss: number | null, accuracy: number | null,
 *   validation_accuracy: number | null, network: string, recipe: string, about: string, started: string,
 *   parent: { run: string, epoch: number } | null, under_way: boolean,
 * }} Run
 * @typedef {{ step: number, epoch: number, name: string, value: Value }} Change
 * @typedef {Run & { values: Record<string, Value>, history: History, snapshots: number[], changes: Change[] }} RunDetails
 *
 * @typedef {{ id: string, title: string, classes: string[], sizes: number[] }} Reader
 * @typedef {{
 *   reader: string, version: number, blank: boolean, digit: number | null, name: string, probabilities: number[],
 *   pixels: string, hidden: number[][],
 * }} Reading
 * @typedef {{ index: number, label: number, name: string, reading: Reading }} TestDigit
 * @typedef {{ name: string, version: string, engine: string, threads: number, data: { training: number, test: number } }} About
 */
export {};
