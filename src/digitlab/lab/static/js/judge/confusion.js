/** @file The confusion matrix. Each cell is a button that opens its pictures. */
import { writeAddress } from "../kit/address.js";
import { html, useRef } from "../kit/lib.js";
import { useParts } from "../kit/store.js";
import { Pictures, Reasons, useCell } from "./cell.js";
import { T } from "./texts.js";
import { isWord } from "./tile.js";

/** @import { Judgement } from "../kit/types.js" */
/** @typedef {[number, number]} Place  true class, and the one that it was taken for */

const STEPS = /** @type {Record<string, Place>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] });

const MANY = 14; // classes: the matrix takes all of the width

/** @param {{ judgement: Judgement | null }} props */
export function Confusion({ judgement }) {
  const { address } = useParts("address");
  const names = judgement?.names ?? [..."0123456789"];
  const opened = placeIn(address.cell, names.length);
  const found = useCell(judgement, opened);
  const open = (/** @type {Place} */ place) => {
    writeAddress({ ...address, cell: place.join("-") });
    document.querySelector(".confusion .cell")?.scrollIntoView({ block: "nearest" }); // on a phone it is below the matrix
  };
  return html`<section class="confusion card" aria-labelledby="confusion-heading">
    <h2 id="confusion-heading">${T.confusion.heading}</h2>
    <p class="note">${T.confusion.help}</p>
    <div class=${`both ${names.length > MANY ? "many" : ""}`}>
      <${Matrix} names=${names} counts=${judgement?.confusion} opened=${opened} onOpen=${open} />
      <${Pictures} judgement=${judgement} place=${opened} ...${found} />
    </div>
    ${opened && !found.trouble && html`<div class="why-so">${found.cell && html`<${Reasons} names=${names} reader=${judgement?.reader ?? ""} cell=${found.cell} />`}</div>`}
  </section>`;
}

/** What the address says, such as `4-9`. @param {string | undefined} text  @param {number} classes  @returns {Place | null} */
function placeIn(text, classes) {
  const [, label, predicted] = (text?.match(/^(\d{1,3})-(\d{1,3})$/) ?? []).map(Number);
  return label < classes && predicted < classes ? [label, predicted] : null;
}

/** @param {{ names: string[], counts?: number[][], opened: Place | null, onOpen: (place: Place) => void }} props */
function Matrix({ names, counts, opened, onOpen }) {
  const table = useRef(/** @type {HTMLTableElement | null} */ (null));
  const wrong = counts?.map((row, label) => row.map((n, predicted) => (label === predicted ? 0 : n)));
  const named = names.some(isWord);
  const most = Math.max(1, ...(wrong?.flat() ?? []));
  const [first, second] = opened ?? placeOf(wrong, most); // where Tab comes to
  const move = (/** @type {KeyboardEvent} */ event, /** @type {Place} */ [label, predicted]) => {
    const step = STEPS[event.key];
    const to = step && table.current?.querySelector(`[data-place="${label + step[0]}-${predicted + step[1]}"]`);
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to instanceof HTMLElement) to.focus();
  };
  const cell = (/** @type {number} */ label, /** @type {number} */ predicted) => {
    const n = counts?.[label][predicted] ?? 0;
    const right = label === predicted;
    const place = /** @type {Place} */ ([label, predicted]);
    return html`<td key=${predicted}>
      <button
        type="button"
        class=${right ? "right" : n ? "wrong" : "empty"}
        data-place=${place.join("-")}
        style=${{ "--part": right ? 1 : Math.sqrt(n / most) }}
        tabindex=${label === first && predicted === second ? 0 : -1}
        aria-label=${T.confusion.cell(names[label], names[predicted], n)}
        aria-pressed=${String(opened?.[0] === label && opened[1] === predicted)}
        disabled=${!counts}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => move(event, place)}
        onClick=${() => onOpen(place)}
      >
        ${n || right ? n : ""}
      </button>
    </td>`;
  };
  return html`<div class="scroll">
    <table class=${`matrix ${named ? "named" : ""}`} style=${{ minWidth: names.length > MANY ? `${(named ? 110 : 40) + 34 * names.length}px` : "" }} ref=${table}>
      <caption class="unseen">${T.confusion.caption}</caption>
      <thead>
        <tr>
          <td class="corner"><span aria-hidden="true"><i>${T.confusion.column}</i><i>${T.confusion.row}</i></span></td>
          ${names.map((name) => html`<th key=${name} scope="col" title=${name}><span>${name}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${names.map((name, label) => html`<tr key=${name}><th scope="row" title=${name}><span>${name}</span></th>${names.map((_, predicted) => cell(label, predicted))}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

/** The place of the first cell that has so many. @param {number[][] | undefined} counts  @param {number} n  @returns {Place} */
function placeOf(counts, n) {
  const label = Math.max(0, counts?.findIndex((row) => row.includes(n)) ?? 0);
  return [label, Math.max(0, counts?.[label].indexOf(n) ?? 0)];
}
