/** @file Damage: units off, small weights gone, noise, temperature; and what the network is still good for. */
import { count, loss, percent } from "../kit/format.js";
import { html, Slider, useEffect, useId, useState } from "../kit/lib.js";
import { Probabilities } from "../kit/probabilities.js";
import { useLook } from "./answer.js";
import { strongest } from "./bars.js";
import { layerName } from "./choice.js";
import { Squares } from "./squares.js";
import { T } from "./texts.js";

/** @import { Damaged, Inside } from "../kit/types.js" */
/** @import { Chosen, PartProps } from "./room.js" */
/** @typedef {[number, number]} Place  layer, unit */
/** @typedef {{ off: Place[], prune: number, noise: number, temperature: number }} Wish  of the last three the place in its list */

const PRUNE = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 1];
const NOISE = [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5];
const TEMPERATURE = [0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20];
const WHOLE = TEMPERATURE.indexOf(1);
const FEW = 5;
const SETTLED = 150; // milliseconds that all must have stood, before the whole test set is read anew
const LIVE_EVERY = 5000; // milliseconds between two times that a network which learns is damaged again

/** @returns {Wish} */
const nothing = () => ({ off: [], prune: 0, noise: 0, temperature: WHOLE });

/** @param {PartProps} props */
export function DamagePart({ choice, inside }) {
  const [wish, setWish] = useState(nothing);
  useEffect(() => setWish(nothing()), [choice.sizes.join()]);
  const body = {
    ...choice.picture,
    off: wish.off,
    prune: PRUNE[wish.prune],
    noise: NOISE[wish.noise],
    temperature: wish.temperature === WHOLE ? null : TEMPERATURE[wish.temperature],
  };
  const { answer, busy } = useLook(choice.id, "/damage", body, { wait: SETTLED, every: LIVE_EVERY });
  return html`<div class="split">
    <section class="card" aria-labelledby="damage-heading">
      <div class="head">
        <h2 id="damage-heading">${T.damage.heading}</h2>
        <button class="small" type="button" onClick=${() => setWish(nothing())}>${T.damage.reset}</button>
      </div>
      <p class="note">${T.damage.about}</p>
      <div class="sliders">
        <${Amount} title=${T.damage.prune} list=${PRUNE} place=${wish.prune} says=${T.damage.pruneSays(percent(PRUNE[wish.prune], 0))} onMove=${(/** @type {number} */ prune) => setWish({ ...wish, prune })} />
        <${Amount} title=${T.damage.noise} list=${NOISE} place=${wish.noise} says=${T.damage.noiseSays(NOISE[wish.noise])} onMove=${(/** @type {number} */ noise) => setWish({ ...wish, noise })} />
        <${Amount} title=${T.damage.temperature} list=${TEMPERATURE} place=${wish.temperature} says=${T.damage.temperatureSays(String(TEMPERATURE[wish.temperature]))} onMove=${(/** @type {number} */ temperature) => setWish({ ...wish, temperature })} />
      </div>
      <p class="note">${T.damage.temperatureAbout}</p>
    </section>
    <${Result} found=${/** @type {Damaged | null} */ (answer)} busy=${busy} />
    <section class="card" aria-labelledby="switches-heading">
      <h2 id="switches-heading">${T.damage.units}</h2>
      <${Switches} choice=${choice} inside=${inside} off=${wish.off} onChange=${(/** @type {Place[]} */ off) => setWish({ ...wish, off })} />
    </section>
  </div>`;
}

/** @param {{ title: string, list: number[], place: number, says: string, onMove: (place: number) => void }} props */
function Amount({ title, list, place, says, onMove }) {
  const id = useId();
  return html`<label for=${id}><span>${title}</span>
    <${Slider} id=${id} most=${list.length - 1} place=${place} says=${says} onMove=${onMove} />
    <output>${says}</output>
  </label>`;
}

/** The units of each hidden layer, to be switched. @param {{ choice: Chosen, inside: Inside | null, off: Place[], onChange: (off: Place[]) => void }} props */
function Switches({ choice, inside, off, onChange }) {
  const hidden = choice.sizes.slice(1, -1);
  const [at, setAt] = useState(/** @type {Place} */ ([1, 0]));
  useEffect(() => setAt([1, 0]), [choice.sizes.join()]);
  const isOff = (/** @type {number} */ layer, /** @type {number} */ unit) => off.some(([l, u]) => l === layer && u === unit);
  const toggle = (/** @type {number} */ layer, /** @type {number} */ unit) =>
    onChange(isOff(layer, unit) ? off.filter(([l, u]) => l !== layer || u !== unit) : [...off, [layer, unit]]);
  const more = () => {
    const pushes = (inside?.pushes ?? []).map((push, unit) => (isOff(hidden.length, unit) ? 0 : push));
    onChange([...off, ...strongest(pushes, FEW).map((unit) => /** @type {Place} */ ([hidden.length, unit]))]);
  };
  if (!hidden.length) return html`<p class="note">${T.damage.noUnits}</p>`;
  return html`<p class="note">${T.damage.unitsAbout}</p>
    ${hidden.map((units, i) => {
      const layer = i + 1;
      const place = at[0] === layer ? at[1] : 0;
      const answers = inside?.activations[i] ?? [];
      return html`<${Squares}
        key=${`${choice.id} ${layer}`}
        title=${layerName(layer, choice.sizes)}
        units=${units}
        answers=${answers}
        chosen=${at[0] === layer ? at[1] : -1}
        off=${off.filter(([one]) => one === layer).map(([, unit]) => unit)}
        says=${T.damage.offUnit(T.inside.unit(place), isOff(layer, place))}
        onChoose=${(/** @type {number} */ unit) => setAt([layer, unit])}
        onAct=${(/** @type {number} */ unit) => {
          setAt([layer, unit]);
          toggle(layer, unit);
        }}
      />`;
    })}
    <div class="others">
      <button class="small" type="button" onClick=${more}>${T.damage.strongest}</button>
      <button class="small" type="button" disabled=${off.length === 0} onClick=${() => onChange([])}>${T.damage.all}</button>
      <span class="note" role="status">${T.damage.off(off.length)}</span>
    </div>`;
}

/** @param {{ found: Damaged | null, busy: boolean }} props */
function Result({ found, busy }) {
  const first = (/** @type {number[]} */ shares) => shares.indexOf(Math.max(...shares));
  const says = (/** @type {number[]} */ shares) => /** @type {[string, string]} */ ([found?.names[first(shares)] ?? "", percent(shares[first(shares)])]);
  return html`<section class="unit result card" aria-labelledby="result-heading" aria-busy=${String(busy)}>
    <h2 id="result-heading">${T.damage.result}</h2>
    <p class="large"><b>${found ? percent(found.after.accuracy, 2) : "–"}</b> ${T.damage.accuracy}</p>
    <p class="note">${found ? `${T.damage.before(percent(found.before.accuracy, 2))}: ${T.damage.lost(found.before.right - found.after.right, count(found.of))}` : "\u00a0"}</p>
    <i class="meter" aria-hidden="true"><i style=${{ transform: `scaleX(${found?.after.accuracy ?? 0})` }}></i></i>
    <h3>${T.damage.loss}</h3>
    <p>${found ? T.damage.lossNow(loss(found.before.cross_entropy), loss(found.after.cross_entropy)) : "–"}</p>
    <h3>${T.damage.picture}</h3>
    <p>${found ? T.damage.reads(...says(found.probabilities)) : "–"}</p>
    <p class="note">${found ? T.damage.was(...says(found.probabilities_before)) : "\u00a0"}</p>
    <${Probabilities} names=${found?.names} shares=${found?.probabilities} first=${found && first(found.probabilities)} />
  </section>`;
}
