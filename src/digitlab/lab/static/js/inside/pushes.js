/** @file Which units speak for a digit, and which against it: they add up to its logit. */
import { html } from "../kit/lib.js";
import { Bars } from "./bars.js";
import { choose, strongest } from "./choice.js";
import { T } from "./texts.js";

/** @import { PartProps } from "./room.js" */

const MOST = 14;

/** @param {PartProps} props */
export function Pushes({ choice, inside }) {
  if (!inside) return html`<section class="pushes card"></section>`;
  const { pushes, bias, digit, logits, names } = inside;
  const layer = choice.sizes.length - 2;
  const shown = strongest(pushes, MOST);
  const rest = pushes.reduce((a, b) => a + b, 0) - shown.reduce((a, unit) => a + pushes[unit], 0);
  const rows = shown.map((unit) => ({
    name: layer ? T.inside.unit(unit) : T.inside.pixel(unit),
    value: pushes[unit],
    onChoose: layer ? () => choose({ layer, unit }) : undefined,
  }));
  const others = pushes.length - shown.length;
  return html`<section class="pushes card" aria-labelledby="pushes-heading">
    <h2 id="pushes-heading">${T.pushes.heading(names[digit])}</h2>
    <p class="note">${layer ? T.pushes.about : T.pushes.aboutPixels}</p>
    <${Bars}
      rows=${[
        ...rows,
        ...(others > 0 ? [{ name: T.pushes.rest(others), value: rest }] : []),
        { name: T.pushes.bias, value: bias },
        { name: T.pushes.sum, value: logits[digit], strong: true },
      ]}
    />
  </section>`;
}
