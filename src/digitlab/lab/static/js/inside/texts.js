/** @file The texts of the room in which one looks inside a network. */
import { LOCALE, some, T as shared } from "../texts.js";

/** @param {number} n */
const number = (n) => n.toLocaleString(LOCALE);

/** @param {string} text */
const capital = (text) => text.replace(/^./, (letter) => letter.toUpperCase());

export const T = {
  ...shared,

  inside: {
    heading: "Look inside a network",
    parts: { units: "Units" },
    partsLabel: "What to look at",
    layer: (/** @type {number} */ layer, /** @type {number} */ layers) => (layer === layers ? "the output" : layers === 2 ? "the hidden layer" : `hidden layer ${layer}`),
    unit: (/** @type {number} */ unit) => `unit ${number(unit)}`,
  },

  picture: {
    heading: "The picture",
    seesLabel: "The picture of 28 by 28 pixels that the network sees",
    test: (/** @type {number} */ index) => `Test digit ${number(index)}`,
    drawing: "Your drawing",
    is: (/** @type {string} */ name) => `It is a ${name}.`,
    says: (/** @type {string} */ name, /** @type {string} */ percent) => `The network reads ${name}, ${percent} sure.`,
    right: "right",
    wrong: "wrong",
    random: "Random",
    mistake: "Next mistake",
    noMistake: "This network gets every test digit right.",
    index: "Number",
    show: "Show",
    draw: "Your drawing",
    noDrawing: "Draw a digit in the Read room first: it will be here.",
    toRead: "Go to the Read room",
    asked: "How probable each digit is. Choose one to ask about it:",
    digit: (/** @type {string} */ name, /** @type {string} */ percent) => `${name}, ${percent}`,
  },

  weights: {
    heading: "What the first layer looks for",
    about: "Each little picture is one unit: ink on orange speaks for it, ink on blue against it. The brighter ones answer this picture more strongly. Choose one.",
    label: "Units of the first layer, as pictures of their weights",
    strongest: (/** @type {number} */ n, /** @type {number} */ all) => `The ${n} that answer most strongly, of ${number(all)}.`,
    says: (/** @type {number} */ unit, /** @type {string} */ answer) => `unit ${number(unit)} answers ${answer}`,
  },

  unit: {
    heading: (/** @type {string} */ unit, /** @type {string} */ layer) => `${capital(unit)} of ${layer}`,
    answer: "Its answer to this picture",
    bias: "Its bias",
    picture: (/** @type {number} */ unit) => `The weights of unit ${unit} as a picture`,
    before: (/** @type {number} */ n) => `It listens to (${some(n, "strongest weight", "strongest weights")})`,
    after: "It speaks to",
    afterSome: (/** @type {number} */ n) => `It speaks to (${some(n, "strongest weight", "strongest weights")})`,
    help: "Each number is a weight: above 0 it helps, below 0 it holds back.",
  },

  activations: {
    heading: "What each layer answers",
    about: "Each square is one unit; the brighter it is, the more strongly the unit answers this picture. Choose one.",
    layer: (/** @type {string} */ layer, /** @type {number} */ units, /** @type {number} */ on) => `${capital(layer)}: ${on} of ${some(units, "unit answers", "units answer")} strongly`,
    label: (/** @type {string} */ layer) => `Units of ${layer}`,
  },

  pushes: {
    heading: (/** @type {string} */ name) => `What speaks for ${name}`,
    about: "Each unit of the last hidden layer pushes the digit up or down: its answer times its weight. All of them and the bias add up to the digit's sum, the logit; the largest sum wins.",
    aboutPixels: "Each pixel pushes the digit up or down: its ink times its weight. All of them and the bias add up to the digit's sum, the logit; the largest sum wins.",
    rest: (/** @type {number} */ n) => `the other ${number(n)} together`,
    bias: "bias",
    sum: "sum: the logit",
    pixel: (/** @type {number} */ pixel) => `pixel in row ${Math.floor(pixel / 28) + 1}, column ${(pixel % 28) + 1}`,
  },
};
