/**
 * @file Every text that the rooms share. Those of one room are in the texts.js of its folder: to add a language, translate
 * these files. What the server says (the help of the settings, what recipes are about, errors) comes in the server's words.
 */

export const LOCALE = "en-GB";

/** @param {number} n  @param {string} one  @param {string} many */
export const some = (n, one, many) => `${n.toLocaleString(LOCALE)} ${n === 1 ? one : many}`;

/** A digit in a sentence: "a 7", "an 8"; the name of another class as it is. @param {string} name */
export const oneOf = (name) => (/^\d/.test(name) ? `${name.startsWith("8") ? "an" : "a"} ${name}` : name);

export const T = {
  app: "digitlab",
  tagline: "a laboratory for handwritten digits",
  rooms: { train: "Train", read: "Read", inside: "Inside", judge: "Judge" },
  roomsLabel: "Rooms",
  skip: "Skip to the content",
  toLight: "Switch to the light theme",
  toDark: "Switch to the dark theme",
  connection: { connecting: "connecting", open: "connected", lost: "no connection; trying again" },
  engine: (/** @type {string} */ engine, /** @type {number} */ threads) => `${engine} engine, ${some(threads, "thread", "threads")}`,
  loading: "Asking the lab …",
  dismiss: "Dismiss this message",
  silent: { what: "the lab does not answer", must_be: "", got: "", help: "is `digitlab lab` still running?" },
  copied: "Copied",
  mustBe: (/** @type {string} */ mustBe) => `must be ${mustBe}`,

  setting: {
    // Of the others the name is what their recipe calls them: learning_rate is "Learning rate".
    names: /** @type {Record<string, string>} */ ({
      initializer: "First weights",
      beta1: "Beta 1",
      beta2: "Beta 2",
      warmup: "Warm-up",
      validation: "Held out",
    }),
    units: /** @type {Record<string, string>} */ ({
      rotation: "degrees",
      shift: "pixels",
      elastic_sigma: "pixels",
      thickness: "pixels",
      erasing: "pixels",
      decay_every: "epochs",
      warmup: "epochs",
      batch_size: "digits",
      validation: "digits",
      patience: "epochs",
    }),
    changed: (/** @type {string} */ name, /** @type {string} */ value, /** @type {number} */ epoch) => `${name} ${value} from epoch ${epoch}`,
  },

  reader: {
    label: "Reader",
    run: (/** @type {string} */ run, /** @type {string} */ right, /** @type {string} */ when) => `${run}, ${right} in training, ${when}`,
    live: "the training",
    liveUnderWay: "the training under way, as it learns",
    snapshot: (/** @type {string} */ run, /** @type {string} */ epoch) => `${run} at epoch ${epoch}`,
    epoch: "Rewind",
    atEpoch: (/** @type {number} */ epoch) => `after ${some(epoch, "epoch", "epochs")}`,
    asItIs: "as it is now",
    unknown: (/** @type {string} */ name) => `The reader of the link is not here: ${name}`,
  },

  plot: { values: "As a table" },

  weights: {
    heading: "First layer",
    about: "What each hidden unit looks for: orange ink speaks for it, blue against it.",
    label: (/** @type {number} */ n) => `Weights of ${some(n, "hidden unit", "hidden units")} as pictures of 28 by 28 pixels`,
    some: (/** @type {number} */ n, /** @type {number} */ all) => `The first ${n} of ${all.toLocaleString(LOCALE)} are shown.`,
  },
};
