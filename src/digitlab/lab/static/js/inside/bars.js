/** @file Numbers around 0 as bars to the left and to the right. */
import { short } from "../kit/format.js";
import { html } from "../kit/lib.js";

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
