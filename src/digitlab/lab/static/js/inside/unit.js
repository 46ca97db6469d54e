/** @file One unit, and what it is connected to. */
import { short } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { paintSigned } from "../kit/pixels.js";
import { useLook } from "./answer.js";
import { Bars } from "./bars.js";
import { choose, layerName } from "./choice.js";
import { T } from "./texts.js";

/** @import { Connection, Unit } from "../kit/types.js" */
/** @import { PartProps } from "./room.js" */

/** @param {PartProps} props */
export function UnitCard({ choice, inside }) {
  const { layer, unit, sizes } = choice;
  const output = layer === sizes.length - 1;
  const { answer } = useLook(choice.id, "/unit", undefined, { query: { layer, unit } });
  const found = /** @type {Unit | null} */ (answer);
  const names = inside?.names ?? [];
  const said = output ? inside?.logits[unit] : inside?.activations[layer - 1]?.[unit];
  const toOutput = layer === sizes.length - 2;
  const byPlace = (/** @type {Connection} */ a, /** @type {Connection} */ b) => a.unit - b.unit;
  const after = found && toOutput ? [...found.after].sort(byPlace) : found?.after;
  return html`<section class="unit card" aria-labelledby="unit-heading" aria-live="polite">
    <h2 id="unit-heading">${output ? T.unit.output(names[unit] ?? "") : T.unit.heading(T.inside.unit(unit), layerName(layer, sizes))}</h2>
    <div class="facts">
      ${found?.weights && html`<${Picture} pixels=${found.weights.pixels} label=${T.unit.picture(unit)} paint=${paintSigned} />`}
      <dl>
        <dt>${T.unit.answer}</dt><dd>${short(said)}</dd>
        <dt>${T.unit.bias}</dt><dd>${short(found?.bias)}</dd>
      </dl>
    </div>
    ${found && found.before.length > 0 && html`<h3>${T.unit.before(found.before.length)}</h3><${Connections} list=${found.before} layer=${layer - 1} sizes=${sizes} names=${names} />`}
    ${after && after.length > 0 && html`<h3>${toOutput ? T.unit.after : T.unit.afterSome(after.length)}</h3><${Connections} list=${after} layer=${layer + 1} sizes=${sizes} names=${names} />`}
    <p class="note">${T.unit.help}</p>
  </section>`;
}

/** @param {{ list: Connection[], layer: number, sizes: number[], names: string[] }} props */
function Connections({ list, layer, sizes, names }) {
  const output = layer === sizes.length - 1;
  return html`<${Bars}
    rows=${list.map(({ unit, weight }) => ({
      name: output ? (names[unit] ?? String(unit)) : T.inside.unit(unit),
      value: weight,
      onChoose: output ? undefined : () => choose({ layer, unit }),
    }))}
  />`;
}
