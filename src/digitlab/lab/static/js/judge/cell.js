/** @file One cell of the confusion matrix, opened: its pictures, and what they have in common. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { html, useEffect, useRef } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { Refusal } from "./refusal.js";
import { T } from "./texts.js";
import { Tile } from "./tile.js";

/** @import { Cell as Opened, Judgement } from "../kit/types.js" */
/** @import { Place } from "./confusion.js" */

/** @param {{ judgement: Judgement | null, place: Place | null }} props */
export function Cell({ judgement, place }) {
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const { reader = "", version, names = [] } = judgement ?? {};
  const [label, predicted] = place ?? [];
  const { answer, trouble } = useAnswer(judgement && place && `judge/cell?${asQuery({ true: label, predicted, reader, version })}`);
  const cell = /** @type {Opened | null} */ (answer);
  const shown = cell && cell.true === label && cell.predicted === predicted;
  useEffect(() => void (shown && panel.current?.scrollIntoView({ block: "nearest" })), [shown && cell.true, shown && cell.predicted]);
  const heading = place && judgement ? T.confusion.cell(names[place[0]], names[place[1]], judgement.confusion[place[0]][place[1]]) : "";
  return html`<div class="cell" ref=${panel} role="region" aria-label=${T.confusion.opened} aria-live="polite">
    ${!place && html`<p class="prompt-line">${T.confusion.prompt}</p>`} ${heading && html`<h3>${heading}</h3>`}
    ${place && trouble && html`<${Refusal} trouble=${trouble} />`}
    ${cell &&
    !trouble &&
    place &&
    html`<div class="average"><${Picture} pixels=${cell.mean} label=${T.confusion.averageLabel} /><small>${T.confusion.average}</small></div>
      <ul class="tiles">${cell.pictures.map((one) => html`<${Tile} key=${one.index} picture=${one} names=${names} reader=${reader} />`)}</ul>
      ${cell.count > cell.pictures.length && html`<p class="note">${T.confusion.some(cell.pictures.length, cell.count)}</p>`}`}
  </div>`;
}
