/** @file The card for photographs: one is chosen or taken, its boxes are corrected, and the text is copied. */
import { Copy } from "../kit/copy.js";
import { percent } from "../kit/format.js";
import { html, onValue, useEffect, useState } from "../kit/lib.js";
import { save } from "../kit/save.js";
import { T } from "./texts.js";
import { asTable, asText, kindOf, linesOf } from "./marks.js";
import { toSight } from "./sight.js";
import { Why } from "./why.js";

/** @import { Photo } from "./photo.js" */
/** @import { Mark } from "./marks.js" */

const MOST_HIGH = 75; // vh: a photograph is seen as a whole, unless its digits are small then
const SMALL = 36; // pixels of the screen
const LEAST_WIDE = 400; // pixels that a small picture is enlarged to
const CLOSE_UP = 76; // pixels, of what shows one digit

/** @param {{ photo: Photo, whole: boolean, onFile: (file: File) => void }} props  `whole`: pictures of many digits are taken */
export function Photograph({ photo, whole, onFile }) {
  const open = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.files?.[0]) onFile(input.files[0]);
    input.value = "";
  };
  const chooser = (/** @type {string} */ id, /** @type {string} */ words, /** @type {object} */ more = {}) => html`<span class=${`chooser ${id}`}>
    <input id=${id} class="unseen" type="file" accept="image/*" onChange=${open} ...${more} />
    <label class="button" for=${id}>${words}</label>
  </span>`;
  return html`<section class=${`photo card ${photo.file ? "given" : ""}`} aria-labelledby="photo-heading">
    <div class="head">
      <h2 id="photo-heading">${T.photo.heading}</h2>
      ${!photo.file && html`<small>${whole ? T.photo.help : T.photo.helpOne}</small>`}
      ${chooser("picture", photo.file ? T.photo.another : T.photo.open)} ${chooser("camera", T.photo.take, { capture: "environment" })}
      ${photo.reading && html`<${Turn} photo=${photo} from=${photo.reading.turn} />`}
      ${photo.file && html`<button class="quiet" type="button" onClick=${() => photo.close()}>${T.photo.close}</button>`}
    </div>
    ${photo.file && html`<${Sheet} key=${photo.url} photo=${photo} />`}
    ${photo.reading && html`<div class="found"><${Chosen} photo=${photo} /><${Result} photo=${photo} reading=${photo.reading} /></div>`}
  </section>`;
}

/** The photograph with its marks. @param {{ photo: Photo }} props */
function Sheet({ photo }) {
  const [seen, setSeen] = useState(/** @type {number[] | null} */ (null)); // its size; empty where the browser cannot show it
  const { reading, marks } = photo;
  const turn = reading?.turn ?? 0;
  const [wide, high] = reading ? shownSize(reading) : seen?.length ? seen : [4, 3];
  const heights = marks.filter(({ read }) => read).map(({ box }) => box[3]).sort((a, b) => a - b);
  const legible = (SMALL * wide) / (heights[heights.length >> 1] ?? wide);
  const style = {
    aspectRatio: `${wide} / ${high}`,
    width: `min(100%, max(${(MOST_HIGH * wide) / high}vh, ${legible}px), ${Math.max(LEAST_WIDE, wide)}px)`,
  };
  const first = marks.findIndex(({ doubt }) => doubt);
  const loaded = (/** @type {Event} */ event) => {
    const { naturalWidth, naturalHeight } = /** @type {HTMLImageElement} */ (event.target);
    setSeen([naturalWidth, naturalHeight]);
  };
  return html`<div class="view"><div class="sheet whole" style=${style} aria-busy=${photo.question !== null}>
      <img class=${`turned-${turn}`} src=${photo.url} alt=${T.photo.alt(photo.file?.name ?? "")} hidden=${seen?.length === 0} onLoad=${loaded} onError=${() => setSeen([])} />
      <div role="group" aria-label=${T.photo.group} aria-describedby="photo-keys">
        ${marks.map((mark, i) => html`<${Box} key=${i} i=${i} mark=${mark} photo=${photo} whole=${[wide, high]} stop=${mark.doubt || (first < 0 && i === 0)} />`)}
      </div>
      ${photo.question && html`<p class="busy" role="status">${T.photo.busy}</p>`}
    </div>
    ${seen?.length === 0 && html`<p class="note">${T.photo.cannotShow}</p>`}</div>`;
}

/** One mark, and the field over it. @param {{ i: number, mark: Mark, photo: Photo, whole: number[], stop: boolean }} props  `stop`: Tab stops there */
function Box({ i, mark, photo, whole: [wide, high], stop }) {
  const kind = kindOf(mark);
  const [left, top, width, height] = mark.box;
  const share = (/** @type {number} */ part, /** @type {number} */ all) => `${(100 * part) / all}%`;
  const style = { left: share(left, wide), top: share(top, high), width: share(width, wide), height: share(height, high) };
  const words = T.photo.mark(wordsOf(mark, photo));
  const type = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const digit = input.value.replace(/\D/g, "").at(-1);
    input.value = "";
    if (digit) photo.correct(mark, digit);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") photo.correct(mark, "");
    else if (event.key === "Enter") isRight(photo, mark);
    else if (event.key === "Escape") input.blur();
    else if (event.key === "ArrowLeft") focus(i - 1);
    else if (event.key === "ArrowRight") focus(i + 1);
    else return;
    event.preventDefault();
  };
  return html`<span class=${`mark ${mark === photo.chosen ? "chosen" : ""}`} data-kind=${kind} style=${style} title=${words}>
    ${kind !== "rejected" && html`<b aria-hidden="true" style=${labelStyle(height / high)}>${mark.value || "–"}${kind === "doubt" && "?"}</b>`}
    <input
      id=${`mark-${i}`} type="text" inputmode="numeric" autocomplete="off" tabindex=${stop ? 0 : -1} aria-label=${words}
      onFocus=${() => photo.choose(mark)} onInput=${type} onKeyDown=${key}
    />
  </span>`;
}

/** @param {{ size: [number, number], turn: number }} reading  @returns {number[]} width and height as it is shown */
const shownSize = ({ size: [wide, high], turn }) => (turn % 180 ? [high, wide] : [wide, high]);

/** Low boxes have no labels, which would hide the line above: their colours and dashes are seen. @param {number} share  of the picture's height */
function labelStyle(share) {
  const height = `${100 * share}cqh`;
  return { fontSize: `clamp(12px, 0.4 * ${height}, 26px)`, maxHeight: `calc((${height} - 15px) * 99)` };
}

/** @param {number} i */
const focus = (i) => document.getElementById(`mark-${i}`)?.focus();

/** It is as it is; on to the next doubt. @param {Photo} photo  @param {Mark} mark */
function isRight(photo, mark) {
  photo.correct(mark, mark.value);
  const next = photo.nextDoubt(mark);
  if (next) focus(photo.marks.indexOf(next));
}

/** @param {Mark} mark  @param {Photo} photo */
function wordsOf(mark, { marks }) {
  const line = linesOf(marks).findIndex((those) => those.includes(mark));
  const digit = (linesOf(marks)[line]?.indexOf(mark) ?? 0) + 1;
  return { line: line + 1, digit, value: mark.value, kind: kindOf(mark), read: mark.read, sure: percent(mark.probability, 0), reason: mark.reason };
}

/** What is known of the mark that was chosen, and what can be done with it by mouse or finger. @param {{ photo: Photo }} props */
function Chosen({ photo }) {
  const mark = photo.chosen;
  if (!mark) return html`<div class="of-chosen"><p class="note">${T.photo.choose}</p></div>`;
  const remove = () => photo.correct(mark, "");
  return html`<div class="of-chosen">
    ${photo.reading && html`<${CloseUp} photo=${photo} reading=${photo.reading} box=${mark.box} />`}
    <p>${T.photo.mark(wordsOf(mark, photo))}</p>
    ${mark.doubt && html`<button class="small" type="button" onClick=${() => isRight(photo, mark)}>${T.photo.right}</button>`}
    ${mark.value && html`<button class="small" type="button" onClick=${remove}>${T.photo.remove}</button>`}
    <${Why} key=${photo.marks.indexOf(mark)} photo=${photo} box=${mark.box} />
  </div>`;
}

/** What is in a box, enlarged. @param {{ photo: Photo, reading: import("../kit/types.js").PictureReading, box: import("./marks.js").Box }} props */
function CloseUp({ photo, reading, box: [left, top, width, height] }) {
  const [wide, high] = shownSize(reading);
  const scale = CLOSE_UP / (1.5 * Math.max(width, height));
  const from = (/** @type {number} */ middle) => `${CLOSE_UP / 2 - scale * middle}px`;
  const style = { left: from(left + width / 2), top: from(top + height / 2), width: `${scale * wide}px`, height: `${scale * high}px` };
  return html`<div class="close-up" aria-hidden="true"><div class="whole" style=${style}><img class=${`turned-${reading.turn}`} src=${photo.url} alt="" /></div></div>`;
}

/** The text, line by line, and what to do with it. @param {{ photo: Photo, reading: import("../kit/types.js").PictureReading }} props */
function Result({ photo, reading }) {
  const { marks, doubts, file } = photo;
  useEffect(() => void toSight(".photo .lines"), []); // once for each photograph
  const lines = linesOf(marks);
  const name = file?.name ?? "";
  const saveTable = () => save(`${name.replace(/\.\w+$/, "")}.csv`, new Blob([asTable(marks, name)], { type: "text/csv" }));
  return html`<p class="count" role="status">
      ${lines.length === 0 ? T.photo.none : T.photo.count(lines.flat().length, lines.length)}
      ${lines.length > 0 && html` <b class=${doubts ? "some" : ""}>${T.photo.doubts(doubts)}</b>`}
      ${reading.turn > 0 && html` <span class="note">${T.photo.turned(reading.turn)}</span>`}
      ${reading.light_on_dark && html` <span class="note">${T.photo.lightOnDark}</span>`}
    </p>
    <ol class="lines" aria-label=${T.photo.text}>
      ${lines.map((line, i) => html`<li key=${i}>${line.map((mark) => html`<span data-kind=${kindOf(mark)} onClick=${() => focus(marks.indexOf(mark))}>${mark.value}</span>`)}</li>`)}
    </ol>
    <div class="tools">
      <${Copy} kind="steady" words=${T.photo.copyText} text=${() => asText(marks)} disabled=${lines.length === 0} />
      <${Copy} kind="steady" words=${T.photo.copyTable} text=${() => asTable(marks, name)} disabled=${lines.length === 0} />
      <button type="button" disabled=${lines.length === 0} onClick=${saveTable}>${T.photo.save}</button>
    </div>
    <${Expect} photo=${photo} />
    <p class="note" id="photo-keys">${T.photo.keys}</p>`;
}

/** By quarters, where it was not found out how it lies. @param {{ photo: Photo, from: number }} props  `from`: degrees, as it is now */
function Turn({ photo, from }) {
  const turn = (/** @type {number} */ by) => {
    photo.turn = (from + by) % 360;
    void photo.read();
  };
  const arrow = (/** @type {string} */ words, /** @type {number} */ by, /** @type {string} */ sign) =>
    html`<button class="icon" type="button" aria-label=${words} title=${words} onClick=${() => turn(by)}>${sign}</button>`;
  return html`<span class="turn">${arrow(T.photo.turnLeft, 270, "↺")}${arrow(T.photo.turnRight, 90, "↻")}</span>`;
}

/** How many digits each line has. @param {{ photo: Photo }} props */
function Expect({ photo }) {
  const [typed, setTyped] = useState(photo.expect);
  useEffect(() => setTyped(photo.expect), [photo.expect]);
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    photo.expect = typed;
    void photo.read();
  };
  return html`<form class="expect" onSubmit=${send}>
    <label><span>${T.photo.expect}</span>
      <input type="number" min="1" max="100" step="1" placeholder=${T.photo.any} value=${typed} onInput=${onValue(setTyped)} />
    </label>
    <button type="submit" disabled=${typed === photo.expect}>${T.photo.again}</button>
  </form>`;
}
