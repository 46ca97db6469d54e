/** @file The units of a network while it sees a picture: what they look for, what they answer, whom they speak to. */
import { short } from "../kit/format.js";
import { html, useMemo } from "../kit/lib.js";
import { lights, MOST_UNITS, Weights } from "../kit/weights.js";
import { strongest } from "./bars.js";
import { choose, layerName, seenBy } from "./choice.js";
import { Pushes } from "./pushes.js";
import { Squares } from "./squares.js";
import { T } from "./texts.js";
import { UnitCard } from "./unit.js";

/** @import { PartProps } from "./room.js" */

const STRONGEST = 64; // units of a large first layer that are shown

/** @param {PartProps} props */
export function Units({ choice, inside }) {
  const { sizes } = choice;
  const answers = inside?.activations.map((layer) => layer.map((one) => one ?? 0)) ?? [];
  const flat = sizes.length === 2;
  return html`<div class="split">
    <${FirstLayer} choice=${choice} look=${seenBy(inside)} answers=${(flat ? inside?.logits : answers[0]) ?? []} />
    <${UnitCard} choice=${choice} inside=${inside} />
    ${!flat &&
    html`<section class="card" aria-labelledby="activations-heading">
      <h2 id="activations-heading">${T.activations.heading}</h2>
      <p class="note">${T.activations.about}</p>
      ${sizes.slice(1, -1).map((units, i) => {
        const here = choice.layer === i + 1 ? choice.unit : -1;
        return html`<${Squares}
          key=${i}
          title=${layerName(i + 1, sizes)}
          units=${units}
          answers=${answers[i] ?? []}
          chosen=${here}
          says=${T.weights.says(Math.max(0, here), short(answers[i]?.[Math.max(0, here)]))}
          onChoose=${(/** @type {number} */ unit) => choose({ layer: i + 1, unit })}
        />`;
      })}
    </section>`}
    <${Pushes} choice=${choice} inside=${inside} />
  </div>`;
}

/** Its weights as pictures, lit by what the units answer. @param {{ choice: PartProps["choice"], look: string, answers: number[] }} props */
function FirstLayer({ choice, look, answers }) {
  const units = choice.sizes[1];
  const large = units > MOST_UNITS;
  // Of a network that learns, the same ones stay in sight.
  const order = useMemo(() => (large && answers.length === units ? strongest(answers, STRONGEST) : undefined), [look, units, answers.length]);
  const shown = order ?? Array.from({ length: Math.min(units, large ? STRONGEST : MOST_UNITS) }, (_, unit) => unit);
  const bright = lights(answers, units);
  const light = shown.map((unit) => bright[unit]);
  const place = choice.layer === 1 ? shown.indexOf(choice.unit) : -1;
  const says = T.weights.says(choice.unit, short(answers[choice.unit]));
  return html`<section class="card" aria-labelledby="first-heading">
    <h2 id="first-heading">${T.weights.heading}</h2>
    <p class="note">${T.weights.about} ${large && T.weights.strongest(shown.length, units)}</p>
    <${Weights}
      reader=${choice.id}
      units=${units}
      label=${T.weights.label}
      light=${light}
      order=${shown}
      choice=${{ place, says, onChoose: (/** @type {number} */ to) => choose({ layer: 1, unit: shown[to] }) }}
    />
  </section>`;
}
