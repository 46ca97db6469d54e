/** @file One step of learning, number by number: what is pointed at lights up what it is connected with. */
import { loss, short } from "../kit/format.js";
import { html, onValue, useId, useMemo, useState } from "../kit/lib.js";
import { useLook } from "./answer.js";
import { Check } from "./check.js";
import { How } from "./how.js";
import { Rows } from "./rows.js";
import { StepPicture } from "./step_picture.js";
import { T } from "./texts.js";
import { Numbers } from "./numbers.js";

/** @import { StepTaken } from "../kit/types.js" */
/** @import { Inside } from "../kit/types.js" */
/** @import { Choice } from "./choice.js" */
/** @import { PartProps } from "./room.js" */
/** @typedef {{ layer: number, place: number, name: string }} Lit  what is pointed at: of the layer (0: the picture) which place among those shown, and the quantity */

const RATES = [0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const LIVE_EVERY = 2000; // milliseconds between two looks at a network that learns

/** @param {PartProps} props */
export function StepPart({ choice, inside }) {
  const [rate, setRate] = useState(0.1);
  const [said, setSaid] = useState({ picture: "", label: 0 }); // which digit somebody's drawing is
  const picture = JSON.stringify(choice.picture);
  const label = said.picture === picture ? said.label : null;
  const known = label !== null || !choice.drawn;
  const body = { ...choice.picture, label, learning_rate: rate };
  const { answer } = useLook(choice.id, known ? "/step" : null, body, { every: LIVE_EVERY });
  const step = known ? /** @type {StepTaken | null} */ (answer) : null;
  return html`<section class="card step" aria-labelledby="step-heading">
    <h2 id="step-heading">${T.step.heading}</h2>
    <p class="note">${T.step.about} ${step?.layers.some((one) => one.shown.length < one.units) && T.step.some(Math.max(...step.layers.map((one) => one.shown.length)))}</p>
    <${Settings} inside=${inside} drawn=${choice.drawn} label=${label ?? step?.true ?? null} rate=${rate} onLabel=${(/** @type {number} */ label) => setSaid({ picture, label })} onRate=${setRate} step=${step} />
    ${step && html`<${Walk} key=${step.layers.length} step=${step} choice=${choice} body=${{ ...choice.picture, label }} />`}
  </section>`;
}

/**
 * @param {{
 *   inside: Inside | null, drawn: boolean, label: number | null, rate: number, step: StepTaken | null, onLabel: (label: number) => void,
 *   onRate: (rate: number) => void,
 * }} props
 */
function Settings({ inside, drawn, label, rate, step, onLabel, onRate }) {
  const names = inside?.names ?? [];
  return html`<div class="do">
    <label class="pick"><span>${drawn && label === null ? T.step.noLabel : T.step.true}</span>
      <select value=${label ?? ""} onChange=${onValue((text) => onLabel(Number(text)))}>
        ${label === null && html`<option value="" selected>${T.step.choose}</option>`}
        ${names.map((name, digit) => html`<option key=${digit} value=${digit} selected=${digit === label}>${name}</option>`)}
      </select>
    </label>
    <label class="pick"><span>${T.step.rate}</span>
      <select value=${rate} onChange=${onValue((text) => onRate(Number(text)))}>
        ${RATES.map((one) => html`<option key=${one} value=${one} selected=${one === rate}>${one}</option>`)}
      </select>
    </label>
    <p class="losses" role="status">${T.step.loss} <b>${cost(step?.loss)}</b> ${T.step.before}, <b>${cost(step?.new_loss)}</b> ${T.step.after}</p>
  </div>`;
}

/** A loss; one next to 0 with its power of ten. @param {number | undefined} value */
const cost = (value) => (value !== undefined && value < 0.001 ? short(value) : loss(value));

/** @param {{ step: StepTaken, choice: Choice, body: object }} props */
function Walk({ step, choice, body }) {
  const numbers = useMemo(() => new Numbers(step), [step]);
  const [lit, setLit] = useState(() => numbers.first());
  const there = numbers.has(lit) ? lit : numbers.first();
  const id = useId();
  return html`<div class="walk">
    <div class="aside">
      <${StepPicture} numbers=${numbers} lit=${there} onLight=${setLit} />
      <${How} id=${id} numbers=${numbers} lit=${there} />
    </div>
    <${Rows} numbers=${numbers} lit=${there} onLight=${setLit} />
    <${Check} numbers=${numbers} lit=${there} choice=${choice} body=${body} />
  </div>`;
}
