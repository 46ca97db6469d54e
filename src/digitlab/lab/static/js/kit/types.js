/**
 * @file What the server says, as types. Written by `make reference` from lab/records.py and its like.
 *
 * @typedef {"training" | "epochs" | "step" | "insight" | "runs" | "reset"} EventKind
 * @typedef {"running" | "paused" | "stopping" | "finished" | "early" | "interrupted" | "failed"} Phase
 * @typedef {number | string | number[]} Value
 * @typedef {{  }} Empty
 * @typedef {{ what: string, must_be: string, got: string, help: string }} Trouble
 * @typedef {{ name: string, source: string, training: number, test: number, classes: string[], notes: string[] }}
 *   DataSet
 * @typedef {{ name: "digitlab", version: string, engine: string, threads: number, data: DataSet }} About
 * @typedef {{ setting: string, values: string[] }} Applies
 * @typedef {{ name: string, kind: "whole number" | "number" | "choice" | "layer sizes", default: number | string |
 *   number[], help: string, why: string, group: string, choices: Record<string, string>, applies: Applies | null, live:
 *   boolean, must_be: string, applies_in_words: string, low?: number, high?: number, above?: boolean, below?: boolean
 *   }} Setting
 * @typedef {{ name: string, group: string, about: string, published: number | null, source: string, values:
 *   Record<string, number | string | number[]> }} Recipe
 * @typedef {{ settings: Setting[], recipes: Recipe[] }} Recipes
 * @typedef {{ epoch: number[], loss: number[], accuracy: number[], seconds: number[], validation_loss: (number |
 *   null)[], validation_accuracy: (number | null)[] }} History
 * @typedef {{ epoch: number[], loss: number[], accuracy: number[], seconds: number[], validation_loss: (number |
 *   null)[], validation_accuracy: (number | null)[], epochs_per_second: number | null, step: number }} Epochs
 * @typedef {{ step: number, epoch: number, place: number, loss: number, accuracy: number }} Step
 * @typedef {{ units: number, gradient: number | null, weights: number | null, ratio: number | null, dead: number,
 *   saturated: number }} Layer
 * @typedef {{ epoch: number, step: number, layers: Layer[], version: number }} Insight
 * @typedef {{ step: number, epoch: number, name: string, value: number }} Change
 * @typedef {{ run: string, epoch: number }} Parent
 * @typedef {{ run: string, phase: "running" | "paused" | "stopping" | "finished" | "early" | "interrupted" | "failed",
 *   recipe: string, values: Record<string, number | string | number[]>, network: string, source: string, samples:
 *   number, held_out: number, engine: string, threads: number, epoch: number, epochs: number, step: number, seconds:
 *   number, epochs_per_second: number | null, steps_per_second: number | null, error: Trouble | null, notes: string[],
 *   insight: Insight | null, changes: Change[], parent: Parent | null, snapshots: number[], history?: History }}
 *   Training
 * @typedef {{ event: number, training: Training | null, trouble: Trouble | null }} State
 * @typedef {{ name: string, state: string, epochs: number, of: number, loss: number | null, accuracy: number | null,
 *   validation_accuracy: number | null, network: string, recipe: string, about: string, started: string, parent: Parent
 *   | null, under_way: boolean }} Run
 * @typedef {{ name: string, state: string, epochs: number, of: number, loss: number | null, accuracy: number | null,
 *   validation_accuracy: number | null, network: string, recipe: string, about: string, started: string, parent: Parent
 *   | null, under_way: boolean, source: string, values: Record<string, number | string | number[]>, history: History,
 *   snapshots: number[], changes: Change[] }} RunDetails
 * @typedef {{ id: string, title: string, classes: string[], sizes: number[] }} Reader
 * @typedef {{ readers: Reader[], default: string }} Readers
 * @typedef {{ reader: string, version: number, blank: boolean, digit: number | null, name: string | null, rejected:
 *   boolean, doubtful: boolean, probabilities: number[], pixels: string, hidden: (number | null)[][] }} Reading
 * @typedef {{ pictures: string[] }} Distorted
 * @typedef {{ index: number, label: number, name: string, reading: Reading }} TestDigit
 * @typedef {{ digit: number, probability: number, box: [number, number, number, number], doubtful: boolean }} ReadDigit
 * @typedef {{ box: [number, number, number, number], reason: string }} Rejected
 * @typedef {{ text: string, digits: ReadDigit[] }} Line
 * @typedef {{ reader: string, version: number, lines: Line[], rejected: Rejected[], turn: number, size: [number,
 *   number], light_on_dark: boolean }} PictureReading
 * @typedef {{ name: string, what: string, digit: number, probability: number, changes: boolean, pixels: string }}
 *   WhyStep
 * @typedef {{ reader: string, version: number, sentence: string, steps: WhyStep[], changes: WhyStep[] }} WhyReading
 * @typedef {{ low: number, high: number, count: number, confidence: number, accuracy: number, interval: [number,
 *   number] }} Bin
 * @typedef {{ share: number[], accuracy: number[], threshold: number[] }} Coverage
 * @typedef {{ threshold: number, count: number, share: number, accuracy: number | null, interval: [number, number] |
 *   null }} Sure
 * @typedef {{ digit: number, count: number, precision: number, recall: number, f1: number }} DigitScore
 * @typedef {{ by: string, name: string, count: number, accuracy: number, accuracy_interval: [number, number] }}
 *   GroupScore
 * @typedef {{ x: number[], accuracy: number[], unit: string }} Curve
 * @typedef {{ reader: string, version: number }} Judged
 * @typedef {{ reader: string, version: number, epoch: number | null, count: number, right: number, accuracy: number }}
 *   TestScore
 * @typedef {{ index: number, label: number, predicted: number, confidence: number, pixels: string, label_error: string
 *   }} TestPicture
 * @typedef {{ reader: string, version: number, source: string, names: string[], count: number, accuracy: number,
 *   accuracy_interval: [number, number], parts: GroupScore[], label_errors: number, cross_entropy: number, brier:
 *   number, calibration_error: number, calibration_error_interval: [number, number], reliability: Bin[], coverage:
 *   Coverage, sure: Sure, confusion: number[][], per_digit: DigitScore[] }} Judgement
 * @typedef {{ reader: string, version: number, count: number, pictures: TestPicture[] }} Mistakes
 * @typedef {{ unit: number, push: number, usual: number, weights: string }} Pusher
 * @typedef {{ index: number, label: number, distance: number, pixels: string }} Near
 * @typedef {{ index: number, pixels: string, of_true: Near[], of_predicted: Near[] }} Neighbours
 * @typedef {{ reader: string, version: number, true: number, predicted: number, count: number, pictures: TestPicture[],
 *   mean: string, layer: number, units: Pusher[], nearest: Neighbours[] }} Cell
 * @typedef {{ index: number, label: number, answers: [number, number], pixels: string, label_error: string }} Sided
 * @typedef {{ reader: string, version: number, other: string, other_version: number, titles: [string, string], names:
 *   string[], sentence: string, seeds: string[], count: number, accuracy: [number, number], both: number, only_reader:
 *   number, only_other: number, neither: number, difference: number, interval: [number, number], p: number, level:
 *   number, lost: Sided[], gained: Sided[] }} Compared
 * @typedef {{ name: string, about: string, approximated: string, accuracy: number, interval: [number, number], pixels:
 *   string }} Spoiled
 * @typedef {{ count: number, clean: number, mean_accuracy: number, picture: string, corruptions: Spoiled[], noise:
 *   Curve, rotation: Curve, fgsm: Curve, pgd: Curve }} Robust
 * @typedef {{ reader: string, version: number, state: "none" | "waiting" | "measuring" | "done" | "failed", progress:
 *   number, trouble: Trouble | null, result: Robust | null }} Measurement
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null }} Look
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, pixels: string, names:
 *   string[], probabilities: number[], logits: number[], predicted: number, activations: (number | null)[][], digit:
 *   number, pushes: number[], bias: number }} Inside
 * @typedef {{ pixels: string, largest: number }} Signed
 * @typedef {{ unit: number, weight: number }} Connection
 * @typedef {{ reader: string, version: number, layer: number, unit: number, bias: number, weights: Signed | null,
 *   before: Connection[], after: Connection[] }} Unit
 * @typedef {{ index: number | null, count: number, of: number }} NextMistake
 * @typedef {{ pixels: string, largest: number, method: string, sum: number, expected: number | null }} Attribution
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, digit: number, methods:
 *   Attribution[] }} Attributions
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, digit: number, becomes:
 *   number | null, after: string | null, change: Signed | null, distance: number | null, greatest: number | null,
 *   probability: number | null }} Counterfactual
 * @typedef {{ right: number, accuracy: number, cross_entropy: number }} Measured
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, of: number, before:
 *   Measured, after: Measured, names: string[], probabilities_before: number[], probabilities: number[] }} Damaged
 * @typedef {{ name: string, layer: number, stage: string, formula: string, about: string }} Quantity
 * @typedef {{ units: number, shown: number[], W: number[][], b: number[], new_b: number[], z: number[], a: number[] |
 *   null, slope: number[] | null, back: number[] | null, delta: number[] }} StepLayer
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, pixels: string, names:
 *   string[], true: number, learning_rate: number, activation: string, quantities: Quantity[], layers: StepLayer[], p:
 *   number[], new_p: number[], loss: number, new_loss: number }} StepTaken
 * @typedef {{ name: string, index: number[], derivative: number, numerical: number, nudge: number, ahead: number,
 *   behind: number, agrees: boolean }} Checked
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, checks: Checked[] }} Checks
 * @typedef {{ reader: string, version: number, layer: number, what: string, names: string[], explained: number[],
 *   points: number[][], labels: number[], predicted: number[] }} LayerMap
 * @typedef {{ reader: string, version: number, index: number | null, label: number | null, layer: number, x: number, y:
 *   number }} Place
 */
export {};
