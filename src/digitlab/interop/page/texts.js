/** @file The texts of this page that the lab's has not. */
import { LOCALE } from "../../lab/static/js/texts.js";

export const T = {
  lead: (/** @type {boolean} */ digits) =>
    `${digits ? "Draw a digit" : "Draw one of them"} below with mouse, pen or finger. The network says what it reads, how sure it is, and why. It is in this file, all of it: nothing is sent anywhere, and no internet is needed.`,
  open: "Open a picture",
  openHelp: "of one digit; or drop or paste one here.",
  openHelpOther: "of one of them; or drop or paste one here.",
  refused: "This browser sees no picture in that file, or one of more than 50 million pixels. PNG, JPEG and WebP are read everywhere.",
  why: "Why?",
  whyBlank: "Draw first: here will be what decides the answer.",
  ask: "Ask about",
  sees: "What the network sees",
  seesHelp: "28 × 28 pixels, centred by the ink: so were the pictures that it learnt from.",
  upright: "It is made upright, too.",
  pixels: (/** @type {string} */ name) => `The pixels for and against ${name}`,
  pixelsLabel: (/** @type {string} */ name) => `Each pixel: orange speaks for ${name}, blue against it`,
  pixelsHelp: "Orange ink speaks for it, blue ink against it (by integrated gradients).",
  sum: (/** @type {string} */ name, /** @type {string} */ sum, /** @type {string} */ expected) =>
    `All pixels add up to ${sum}. From blank paper to this picture the sum of ${name}, its logit, rises by ${expected}.`,
  working: "Working it out …",
  units: (/** @type {string} */ name) => `The hidden units for and against ${name}`,
  unitsHelp: "Each unit of the last hidden layer pushes the answer up or down. All of them and the bias add up to its sum, the logit; the largest logit wins.",
  unitLabel: (/** @type {number} */ unit) => `What unit ${unit.toLocaleString(LOCALE)} looks for`,
  unitsLook: "What the strongest ones look for here: ink on orange rouses the unit, ink on blue holds it back.",
  about: "About this network",
  made: (/** @type {string} */ version) => `This page was made by digitlab ${version}, a laboratory for handwritten digits.`,
};
