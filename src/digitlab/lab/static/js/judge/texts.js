/** @file Every text of the room in which networks are judged; those that the rooms share are in ../texts.js. */
import { LOCALE, oneOf, some, T as shared } from "../texts.js";

/** @import { Shown } from "./tile.js" */

/** @param {string[]} names  @param {Shown} picture */
const said = (names, { label, predicted }) => `${oneOf(names[label])}, read as ${names[predicted]}`;

/** @param {number} value */
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

export const T = {
  ...shared,

  judge: {
    heading: "How good is it?",
    stale: "The training has gone on since.",
    again: "Judge it again",
    right: (/** @type {number} */ n) => `of ${some(n, "test digit", "test digits")} right`,
    sentence: (/** @type {string} */ right, /** @type {string} */ count, /** @type {string} */ low, /** @type {string} */ high) =>
      `It reads ${right} of ${count} test digits right; no network learns from these. They are only a sample: of all digits like them, it reads between ${low} and ${high} right (95 % interval).`,
    table: "Share of right answers, each with its 95 % interval",
    which: "Which digits",
    share: "Right",
    interval: "95 % interval",
    all: "All test digits",
    range: (/** @type {string} */ low, /** @type {string} */ high) => `${low} to ${high}`,
    loading: "Reading all test digits …",
  },

  confusion: {
    heading: "What is taken for what",
    help: "A row for each true digit, a column for each answer. Open a cell to see its pictures; by keyboard: arrows, then Enter.",
    caption: "Confusion matrix: rows are true digits, columns are answers",
    row: "↓ is",
    column: "read as →",
    cell: (/** @type {string} */ label, /** @type {string} */ predicted, /** @type {number} */ n) => `${label} read as ${predicted}: ${some(n, "picture", "pictures")}`,
    opened: "The cell that is opened",
    prompt: "Open a cell: its pictures come here.",
    average: "Their average",
    averageLabel: "The average of these pictures",
    some: (/** @type {number} */ n, /** @type {number} */ all) => `The first ${n} of ${all.toLocaleString(LOCALE)} are shown.`,
    units: "Units that pushed",
    pixels: "Pixels that pushed",
    unitsWrong: (/** @type {string} */ label, /** @type {string} */ predicted) => `Each pushes towards ${predicted} or back to ${label}: the lower bar on these pictures, the upper one on all pictures of ${label}. Those that differ most come first.`,
    unitsRight: (/** @type {string} */ label) => `Each pushes towards ${label} or to the others: the lower bar on these pictures, the upper one on all pictures. Those that differ most come first.`,
    against: (/** @type {string} */ name) => `← for ${name}`,
    towards: (/** @type {string} */ name) => `for ${name} →`,
    rest: "others",
    unit: (/** @type {number} */ unit) => `unit ${unit}`,
    pixel: (/** @type {number} */ pixel) => `row ${Math.floor(pixel / 28) + 1}, column ${(pixel % 28) + 1}`,
    weights: (/** @type {number} */ unit) => `What unit ${unit} looks for`,
    push: (/** @type {number} */ push, /** @type {number} */ usual) => `${signed(push)}, usually ${signed(usual)}`,
    nearestHeading: "The most similar training digits",
    nearestHelp: "By their pixels alone: a reader that only compares pictures would go by these.",
    picture: "Picture",
    nearest: (/** @type {string} */ name) => `Nearest ${name}`,
    others: "Nearest others",
    near: (/** @type {string} */ name, /** @type {number} */ index, /** @type {number} */ distance) => `Training digit ${index}, ${oneOf(name)}, ${distance.toFixed(1)} away`,
    testDigit: (/** @type {number} */ index) => `Test digit ${index}`,
  },

  picture: {
    label: (/** @type {string[]} */ names, /** @type {Shown} */ picture, /** @type {string} */ sure) => `Test digit ${picture.index}: ${said(names, picture)}${sure && `, ${sure} sure`}. See inside.`,
    is: (/** @type {string} */ name) => `is ${name}`,
    disputed: "label?",
    disputedLabel: (/** @type {string} */ note) => ` Its label is in doubt: ${note}.`,
  },

  gallery: {
    heading: "Mistakes",
    help: "The surest come first. Open one to see what went on in the network.",
    none: "There is no mistake on the test set.",
    shown: (/** @type {number} */ first, /** @type {number} */ last, /** @type {number} */ all) => `${first} to ${last} of ${some(all, "mistake", "mistakes")}`,
    before: "Surer ones",
    after: "Less sure ones",
    list: "Mistakes, the surest first",
  },

  sure: {
    heading: "How sure it is",
    reliability: "Is it right as often as it says?",
    reliabilityLook: "Each point is a group of pictures of which it is about as sure. On the dashed line it is right just as often as it says; below it, it is too sure.",
    says: "how sure it says it is",
    right: "of these, right",
    pictures: "pictures",
    error: (/** @type {string} */ error, /** @type {string} */ low, /** @type {string} */ high) =>
      `On average, how sure it says it is and how often it is right lie ${error} points apart (95 % interval ${low} to ${high}).`,
    coverage: "If it may pass on what it doubts",
    coverageLook: "From the right to the left, it answers less and less, and only what it is surest of. The higher the curve, the better it knows what it does not know.",
    answered: "answered",
    rightOfThem: "of the answered, right",
    atLeast: "sure at least",
    when: (/** @type {string} */ threshold, /** @type {string} */ count, /** @type {string} */ share, /** @type {string} */ right, /** @type {string} */ low, /** @type {string} */ high) =>
      `It is at least ${threshold} sure of ${count} pictures (${share}); of these, ${right} are right (95 % interval ${low} to ${high}).`,
    never: (/** @type {string} */ threshold) => `It is at least ${threshold} sure of no picture.`,
  },

  compare: {
    heading: "Is another one better?",
    with: "Compare with",
    nobody: "choose another reader",
    other: "the other reader",
    help: "Both read the same test digits. Pictures that only one of them reads rightly tell which is better, or that nobody can tell.",
    counts: (/** @type {string} */ p) => `Were both equally good, chance would hardly ever part them like this (McNemar's exact test: p ${p}).`,
    chance: (/** @type {string} */ p) => `Were both equally good, chance would often part them like this (McNemar's exact test: p ${p}).`,
    accuracy: (/** @type {string} */ title) => `${title} in all`,
    both: "Both right",
    neither: "Both wrong",
    only: (/** @type {string} */ title) => `Only ${title} right`,
    better: (/** @type {string} */ title) => `${title} is better`,
    curves: "How they learnt",
    curvesHeld: "The share of held-out digits that each read rightly after each epoch.",
    curvesTraining: "The share of its own training digits that each read rightly after each epoch.",
    epoch: "epoch",
    right: "right",
    pictures: (/** @type {string} */ title, /** @type {number} */ n) => `${some(n, "picture", "pictures")} that only ${title} reads rightly; large: what the other says`,
    none: "There is none.",
  },

  robust: {
    heading: "What does it withstand?",
    help: "The same test digits, but spoiled: as a bad copy, dirty paper or a slanted scan would have them. A person still reads most of them.",
    measure: "Measure it",
    takes: "This takes up to half a minute.",
    measuring: "Measuring …",
    waits: "It waits for the training: both need the same cores.",
    progress: "How much is measured",
    sentence: (/** @type {string} */ clean, /** @type {string} */ mean) => `Of the digits as they are, it reads ${clean} right; spoiled in 15 ways, ${mean} on average.`,
    corruptions: "Accuracy under each corruption",
    clean: "as it is",
    interval: (/** @type {string} */ low, /** @type {string} */ high) => `95 % interval ${low} to ${high}`,
    approximated: (/** @type {string} */ how) => `approximated: ${how}`,
    source: "The 15 corruptions of MNIST-C (Mu and Gilmer, 2019), at its parameters.",
    noise: "Noise",
    noiseLook: "A random number is added to each pixel. See where the curve begins to fall.",
    noiseUnit: "standard deviation (1 is full ink)",
    rotation: "Turning",
    rotationLook: "All digits are turned. The narrower the hill, the more it needs them upright.",
    rotationUnit: "degrees to the left",
    attacks: "The worst change",
    attacksLook: "Each pixel changes by at most so much, to the side that harms this network most. A person hardly sees 0.1.",
    attacksUnit: "epsilon, the most that a pixel changes",
    fgsm: "one step (FGSM)",
    pgd: "many steps (PGD)",
    right: "right",
  },
};
