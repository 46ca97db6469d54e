/** @file One cell of the confusion matrix, opened: its pictures, and why they were read so. */
import { linkTo } from "../kit/address.js";
import { asQuery, useAnswer } from "../kit/answer.js";
import { html } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { paintSigned } from "../kit/pixels.js";
import { Refusal } from "./refusal.js";
import { T } from "./texts.js";
import { Tile } from "./tile.js";

/** @import { Cell, Judgement, Near, Neighbours } from "../kit/types.js" */
/** @import { Place } from "./confusion.js" */
/** @typedef {{ names: string[], reader: string, cell: Cell }} Opened */

const UNITS = 6; // that are shown

/** What is in a cell. @param {Judgement | null} judgement  @param {Place | null} place */
export function useCell(judgement, place) {
  const { reader, version } = judgement ?? {};
  const { answer, trouble, busy } = useAnswer(judgement && place && `judge/cell?${asQuery({ true: place[0], predicted: place[1], reader, version })}`);
  return { cell: /** @type {Cell | null} */ (answer), trouble, busy };
}

/** The pictures. @param {ReturnType<typeof useCell> & { judgement: Judgement | null, place: Place | null }} props */
export function Pictures({ judgement, place, cell, trouble, busy }) {
  const { reader = "", names = [] } = judgement ?? {};
  const heading = place && judgement ? T.confusion.cell(names[place[0]], names[place[1]], judgement.confusion[place[0]][place[1]]) : "";
  return html`<div class="cell" role="region" aria-label=${T.confusion.opened} aria-busy=${String(busy)}>
    <h3 aria-live="polite">${heading}</h3>
    ${!place && html`<p class="prompt-line">${T.confusion.prompt}</p>`} ${place && trouble && html`<${Refusal} trouble=${trouble} />`}
    ${cell &&
    place &&
    html`<figure class="average"><${Picture} pixels=${cell.mean} label=${T.confusion.averageLabel} /><figcaption>${T.confusion.average}</figcaption></figure>
      <ul class="tiles" aria-label=${heading}>${cell.pictures.map((one) => html`<${Tile} key=${one.index} picture=${one} names=${names} reader=${reader} />`)}</ul>
      ${cell.count > cell.pictures.length && html`<p class="note">${T.confusion.some(cell.pictures.length, cell.count)}</p>`}`}
  </div>`;
}

/** The units that decided it, and what the pictures look like. @param {Opened} props */
export const Reasons = (props) => html`<div class="reasons-of">
  <${Pushers} ...${props} />
  <${Nearest} ...${props} />
</div>`;

/** @param {Opened} props */
function Pushers({ names, reader, cell: { true: label, predicted, layer, units } }) {
  const shown = units.slice(0, UNITS);
  const most = Math.max(...shown.flatMap(({ push, usual }) => [Math.abs(push), Math.abs(usual)]));
  const bar = (/** @type {number} */ value, /** @type {string} */ kind) => html`<i class=${kind} style=${{ width: `${(50 * Math.abs(value)) / most}%`, left: value < 0 ? `${50 - (50 * Math.abs(value)) / most}%` : "50%" }}></i>`;
  return html`<div>
    <h3>${layer ? T.confusion.units : T.confusion.pixels}</h3>
    <p class="note">${(label === predicted ? T.confusion.unitsRight : T.confusion.unitsWrong)(names[label], names[predicted])}</p>
    <p class="sides" aria-hidden="true"><span>${T.confusion.against(label === predicted ? T.confusion.rest : names[label])}</span><span>${T.confusion.towards(names[predicted])}</span></p>
    <ul class="pushers">
      ${shown.map(
        ({ unit, push, usual, weights }) => html`<li key=${unit}>
          ${weights && html`<${Picture} pixels=${weights} label=${T.confusion.weights(unit)} paint=${paintSigned} />`}
          ${layer ? html`<a href=${linkTo("inside", { reader, layer: String(layer), unit: String(unit) })}>${T.confusion.unit(unit)}</a>` : T.confusion.pixel(unit)}
          <span class="push" aria-hidden="true">${bar(usual, "usual")}${bar(push, "here")}</span>
          <span>${T.confusion.push(push, usual)}</span>
        </li>`,
      )}
    </ul>
  </div>`;
}

/** @param {Opened} props */
function Nearest({ names, cell: { true: label, predicted, nearest } }) {
  const other = label === predicted ? T.confusion.others : T.confusion.nearest(names[predicted]);
  const side = (/** @type {Near[]} */ near) => html`<td><div>${near.map((one) => html`<${Picture} key=${one.index} pixels=${one.pixels} label=${T.confusion.near(names[one.label], one.index, one.distance)} />`)}</div></td>`;
  return html`<div>
    <h3>${T.confusion.nearestHeading}</h3>
    <p class="note">${T.confusion.nearestHelp}</p>
    <table class="nearest">
      <thead><tr><th scope="col">${T.confusion.picture}</th><th scope="col">${T.confusion.nearest(names[label])}</th><th scope="col">${other}</th></tr></thead>
      <tbody>
        ${nearest.map(
          (/** @type {Neighbours} */ one) => html`<tr key=${one.index}>
            <th scope="row"><${Picture} pixels=${one.pixels} label=${T.confusion.testDigit(one.index)} /></th>
            ${side(one.of_true)}${side(one.of_predicted)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
