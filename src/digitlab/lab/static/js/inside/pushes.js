/** @file Which units speak for a digit, and which against it: they add up to its logit. */
import { html } from "../kit/lib.js";
import { Bars, termsOf } from "./bars.js";
import { choose } from "./choice.js";
import { T } from "./texts.js";

/** @import { PartProps } from "./room.js" */

const MOST = 14;

/** @param {PartProps} props */
export function Pushes({ choice, inside }) {
  if (!inside) return html`<section class="pushes card"></section>`;
  const { pushes, bias, digit, logits, names } = inside;
  const layer = choice.sizes.length - 2;
  const nameOf = layer ? T.inside.unit : T.inside.pixel;
  const onChoose = layer ? (/** @type {number} */ unit) => choose({ layer, unit }) : undefined;
  return html`<section class="pushes card" aria-labelledby="pushes-heading">
    <h2 id="pushes-heading">${T.pushes.heading(names[digit])}</h2>
    <p class="note">${layer ? T.pushes.about : T.pushes.aboutPixels}</p>
    <${Bars} rows=${termsOf({ pushes, bias, logit: logits[digit], most: MOST, nameOf, onChoose })} />
  </section>`;
}
