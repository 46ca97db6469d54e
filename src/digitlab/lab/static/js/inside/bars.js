/** @file Numbers around 0 as bars to the left and to the right. */
import { short } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { T } from "./texts.js";

/** @typedef {{ name: string, value: number, strong?: boolean, onChoose?: () => void }} Row  strong: a sum of the others, without a bar */

/** @param {{ rows: Row[] }} props */
export function Bars({ rows }) {
  const most = rows.reduce((a, { value, strong }) => (strong ? a : Math.max(a, Math.abs(value))), 0) || 1;
  return html`<ul class="around">
    ${rows.map(
      ({ name, value, strong, onChoose }) => html`<li key=${name} class=${strong ? "strong" : ""}>
        ${onChoose ? html`<button class="quiet small" type="button" onClick=${onChoose}>${name}</button>` : html`<span>${name}</span>`}
        <i class=${value < 0 ? "below" : "above"} aria-hidden="true">${!strong && html`<i style=${{ transform: `scaleX(${Math.abs(value) / most})` }}></i>`}</i>
        <b>${signed(value)}</b>
      </li>`,
    )}
  </ul>`;
}

/** A number with its sign. @param {number} value */
export const signed = (value) => `${value < 0 ? "−" : "+"}${short(Math.abs(value))}`;

/** The places of the largest numbers, whatever their sign, the largest first. @param {(number | null)[]} values  @param {number} most */
export function strongest(values, most) {
  const sizes = values.map((value) => Math.abs(value ?? 0));
  return sizes.map((_, place) => place).sort((a, b) => sizes[b] - sizes[a]).slice(0, most);
}

/**
 * The strongest terms of a sum, the others together, the bias, and the sum, which is a logit.
 * @param {{
 *   pushes: number[], bias: number, logit: number, most: number, nameOf: (term: number) => string,
 *   onChoose?: (term: number) => void,
 * }} sum
 * @returns {Row[]}
 */
export function termsOf({ pushes, bias, logit, most, nameOf, onChoose }) {
  const shown = strongest(pushes, most);
  const rest = pushes.reduce((a, b) => a + b, 0) - shown.reduce((a, term) => a + pushes[term], 0);
  const others = pushes.length - shown.length;
  return [
    ...shown.map((term) => ({ name: nameOf(term), value: pushes[term], onChoose: onChoose && (() => onChoose(term)) })),
    ...(others > 0 ? [{ name: T.pushes.rest(others), value: rest }] : []),
    { name: T.pushes.bias, value: bias },
    { name: T.pushes.sum, value: logit, strong: true },
  ];
}
