/** @file What is looked at: the address of the room says it, so that a link shows the same. */
import { writeAddress } from "../kit/address.js";
import { useReader } from "../kit/readers.js";
import { current, useParts } from "../kit/store.js";
import { asking } from "../read/asking.js";
import { bodyOf } from "../read/drawing.js";
import { T } from "./texts.js";

/** @import { Inside } from "../kit/types.js" */
/** @typedef {keyof typeof T.inside.parts} Part */
/** @typedef {{ index: number } | { drawing: object }} Picture  as the server wants it */
/**
 * @typedef {{
 *   id: string | null, sizes: number[], unknown: string, part: Part, picture: Picture | null, drawn: boolean, digit:
 *   number | undefined, layer: number, unit: number | undefined,
 * }} Choice  id: of the reader; picture: null where there is no drawing; digit, unit: those that are asked about, if any
 */

export const PARTS = /** @type {Part[]} */ (Object.keys(T.inside.parts));

/** @returns {Choice} */
export function useChoice() {
  const { address } = useParts("address");
  const { id, reader, unknown } = useReader();
  const sizes = reader?.sizes ?? [784, 64, 10];
  const drawn = address.picture === "drawing";
  const digit = numberOf(address.digit);
  const layer = within(address.layer, sizes.length - 1, 1);
  return {
    id,
    sizes,
    unknown,
    part: PARTS.find((one) => one === address.part) ?? PARTS[0],
    picture: drawn ? (asking.strokes.length ? { drawing: JSON.parse(bodyOf(asking.strokes, asking.width)) } : null) : { index: numberOf(address.picture) ?? 0 },
    drawn,
    digit: digit !== undefined && digit < sizes[sizes.length - 1] ? digit : undefined,
    layer,
    unit: address.unit === undefined ? undefined : within(address.unit, sizes[layer] - 1, 0),
  };
}

/** Look at something else; undefined: at what is looked at by default. @param {Record<string, string | number | undefined>} change */
export function choose(change) {
  const entries = Object.entries({ ...current().address, ...change }).filter(([, value]) => value !== undefined);
  writeAddress(Object.fromEntries(entries.map(([name, value]) => [name, String(value)])));
}

/** @param {string | undefined} text */
const numberOf = (text) => (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** A number of the address, or the least one. @param {string | undefined} text  @param {number} most  @param {number} least */
function within(text, most, least) {
  const number = numberOf(text) ?? least;
  return number >= least && number <= most ? number : least;
}

/** What a layer is called. @param {number} layer  @param {number[]} sizes */
export const layerName = (layer, sizes) => T.inside.layer(layer, sizes.length - 1);

/** Whose look at which picture; another one of a network that learns is the same. @param {Inside | null} inside */
export const seenBy = (inside) => `${inside?.reader} ${inside?.index}`;
