/** @file A picture of the test set with what it is and what it was taken for; it leads to the room Inside. */
import { linkTo } from "../kit/address.js";
import { percent } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { T } from "./texts.js";

/** Whether the name of a class needs more room than a digit. @param {string} name */
export const isWord = (name) => name.length > 2;

/** @typedef {{ index: number, label: number, predicted: number, confidence?: number, pixels: string, label_error: string }} Shown  confidence: where it is known */

/** @param {{ picture: Shown, names: string[], reader: string }} props */
export function Tile({ picture, names, reader }) {
  const { index, label, predicted, confidence, pixels, label_error: note } = picture;
  const sure = confidence === undefined ? "" : percent(confidence);
  return html`<li>
    <a class=${`tile ${isWord(names[predicted]) || isWord(names[label]) ? "worded" : ""}`} href=${linkTo("inside", { reader, picture: String(index) })} aria-label=${T.picture.label(names, picture, sure) + (note && T.picture.disputedLabel(note))} title=${note}>
      <${Picture} pixels=${pixels} />
      <b class=${label === predicted ? "good" : "bad"}>${names[predicted]}</b>
      <small>${T.picture.is(names[label])}</small>
      ${sure && html`<small>${sure}</small>`}
      ${note && html`<span class="disputed">${T.picture.disputed}</span>`}
    </a>
  </li>`;
}
