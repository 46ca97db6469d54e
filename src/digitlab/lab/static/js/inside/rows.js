/** @file The quantities of a step in the order in which they are computed, a number for each unit. */
import { short } from "../kit/format.js";
import { html, useState } from "../kit/lib.js";
import { T } from "./texts.js";

/** @import { Quantity } from "../kit/types.js" */
/** @import { Numbers } from "./numbers.js" */
/** @import { Lit } from "./step.js" */
/** @typedef {{ numbers: Numbers, lit: Lit, onLight: (lit: Lit) => void }} Props */

/** @param {Props} props */
export function Rows({ numbers, lit, onLight }) {
  const { quantities } = numbers.step;
  const [wide] = useState(() => innerWidth > 700); // on a phone the later stages wait to be opened
  return html`<div class="rows">
    ${Object.entries(T.step.stages).map(
      ([stage, title], i) => html`<details key=${stage} open=${wide || i === 0}>
        <summary><h3>${title}</h3></summary>
        <ol>
          ${quantities.filter((one) => one.stage === stage && one.layer > 0).map((one) => html`<${QuantityRow} key=${one.name} quantity=${one} numbers=${numbers} lit=${lit} onLight=${onLight} />`)}
        </ol>
      </details>`,
    )}
  </div>`;
}

/** @param {Props & { quantity: Quantity }} props */
function QuantityRow({ quantity, numbers, lit, onLight }) {
  const { name, layer, formula, about } = quantity;
  const values = numbers.values(quantity, lit);
  const matrix = /W\d+$/.test(name);
  const from = numbers.source(layer, lit);
  const of = matrix && (layer === 1 ? T.step.ofPixel(T.step.pixel(from)) : T.step.ofUnit(numbers.title(layer - 1, from)));
  const whole = /loss$/.test(name); // one number, of the whole layer
  const here = lit.name === name;
  const same = lit.layer === layer;
  const flow = whole ? null : numbers.flow(layer, lit);
  const most = Math.max(...(flow ?? [0]).map(Math.abs)) || 1;
  const point = (/** @type {number} */ place) => onLight({ layer, place: whole ? numbers.layer(layer).shown.indexOf(numbers.step.true) : place, name });
  // One stop of the Tab key for each row; arrows go on from there.
  const stop = !whole && same ? lit.place : 0;
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const cells = /** @type {HTMLElement[]} */ ([...(/** @type {HTMLElement} */ (event.currentTarget)).children]);
    const to = by && cells[cells.indexOf(/** @type {HTMLElement} */ (event.target)) + by];
    if (!to) return;
    event.preventDefault();
    to.focus();
  };
  return html`<li class=${here ? "here" : ""}>
    <p><b>${name}</b> ${formula && html`<code>${formula}</code>`} <small>${about}${of && `, ${of}`}</small></p>
    <div class="number-row" role="group" aria-label=${name} onKeyDown=${keys}>
      ${values.map((value, place) => {
        const lights = whole ? here : same && place === lit.place;
        const part = flow ? flow[place] / most : 0;
        return html`<button
          key=${place}
          type="button"
          class=${`number ${lights ? "lit" : ""} ${here && lights ? "now" : ""} ${part > 0.02 ? "above" : part < -0.02 ? "below" : ""}`}
          style=${{ "--part": `${Math.round(Math.abs(part) * 45)}%` }}
          tabindex=${place === stop ? 0 : -1}
          aria-label=${T.step.cell(name, whole ? "" : numbers.title(layer, place), short(value))}
          onMouseEnter=${() => point(place)}
          onFocus=${() => point(place)}
          onClick=${() => point(place)}
        >
          <small>${whole ? "\u00a0" : layer === numbers.last ? numbers.step.names[numbers.layer(layer).shown[place]] : numbers.layer(layer).shown[place]}</small>
          ${short(value)}
        </button>`;
      })}
    </div>
  </li>`;
}
