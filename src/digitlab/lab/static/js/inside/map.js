/** @file The map of a layer: each test digit is a dot, near those that look alike to the network. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { percent } from "../kit/format.js";
import { html, onValue, useMemo, useState } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { useLook } from "./answer.js";
import { choose } from "./choice.js";
import { DigitMark, Scatter } from "./scatter.js";
import { T } from "./texts.js";

/** @import { LayerMap, Place, TestDigit } from "../kit/types.js" */
/** @import { PartProps } from "./room.js" */

const LIVE_EVERY = 5000; // milliseconds between two maps of a network that learns
const NEAREST = 6;
const SETTLED = 80; // milliseconds on a dot, before its picture is asked for

/** @param {PartProps} props */
export function MapPart({ choice }) {
  const { sizes } = choice;
  const [layer, setLayer] = useState(Math.max(0, sizes.length - 2));
  const shown = Math.min(layer, sizes.length - 1);
  const { answer } = useLook(choice.id, "/map", undefined, { query: { layer: shown }, every: LIVE_EVERY });
  const { answer: placed } = useLook(choice.id, "/place", { ...choice.picture, layer: shown }, { every: LIVE_EVERY });
  const found = /** @type {LayerMap | null} */ (answer);
  const map = found?.layer === shown ? found : null;
  const place = /** @type {Place | null} */ (placed);
  const mine = place?.layer === shown ? place : null;
  const [only, setOnly] = useState(-1);
  const [at, setAt] = useState(-1); // the dot under the pointer
  const near = useMemo(() => (map && mine ? nearest(map, mine) : []), [map, mine]);
  return html`<div class="split">
    <section class="card" aria-labelledby="map-heading">
      <h2 id="map-heading">${T.map.heading}</h2>
      <p class="note">${T.map.about(map?.points.length ?? 2000)}</p>
      <div class="do">
        <label class="pick"><span>${T.map.layer}</span>
          <select value=${shown} onChange=${onValue((text) => setLayer(Number(text)))}>
            ${sizes.map((_, i) => html`<option key=${i} value=${i} selected=${i === shown}>${T.map.layers(i, sizes.length - 1)}</option>`)}
          </select>
        </label>
        <label class="pick"><span>${T.map.only}</span>
          <select value=${only} onChange=${onValue((text) => setOnly(Number(text)))}>
            <option value="-1">${T.map.every}</option>
            ${(map?.names ?? []).map((name, digit) => html`<option key=${digit} value=${digit}>${name}</option>`)}
          </select>
        </label>
      </div>
      <${Scatter} map=${map} place=${mine} only=${only} at=${at} onPoint=${setAt} onLook=${(/** @type {number} */ index) => choose({ picture: index })} />
      <ul class="key" aria-hidden="true">${(map?.names ?? []).slice(0, 10).map((name, digit) => html`<li key=${digit}><${DigitMark} digit=${digit} name=${name} /></li>`)}</ul>
      <p class="note">${map ? T.map.explained(percent(map.explained[0] + map.explained[1], 0)) : T.loading}</p>
    </section>
    <section class="unit card" aria-labelledby="point-heading">
      <h2 id="point-heading">${T.map.point}</h2>
      <${Dot} map=${map} reader=${choice.id} index=${at} />
      <h3>${T.map.nearest}</h3>
      <ul class="near">
        ${near.map((index) => html`<li key=${index}><button class="quiet small" type="button" onFocus=${() => setAt(index)} onMouseEnter=${() => setAt(index)} onClick=${() => choose({ picture: index })}>${map && saysOf(map, index)}</button></li>`)}
      </ul>
    </section>
  </div>`;
}

/** The digit under the pointer. @param {{ map: LayerMap | null, reader: string | null, index: number }} props */
function Dot({ map, reader, index }) {
  const { answer } = useAnswer(reader === null || index < 0 ? null : `test-digit?${asQuery({ index, reader })}`, 0, { wait: SETTLED });
  const pixels = /** @type {TestDigit | null} */ (answer)?.reading.pixels ?? "";
  const says = map && index >= 0 ? saysOf(map, index) : T.map.none;
  return html`<div class="facts">
    <${Picture} pixels=${index < 0 ? "" : pixels} label=${says} />
    <div>
      <p role="status">${says}</p>
      <button class="small" type="button" disabled=${index < 0} onClick=${() => choose({ picture: index })}>${T.map.look}</button>
    </div>
  </div>`;
}

/** @param {LayerMap} map  @param {number} index */
export const saysOf = (map, index) => T.map.says(index, map.names[map.labels[index]], map.names[map.predicted[index]]);

/** The digits of the map that are nearest to a place, without the one that is there itself. @param {LayerMap} map  @param {Place} place */
function nearest({ points }, { x, y, index }) {
  const far = points.map(([px, py]) => Math.hypot(px - x, py - y));
  return far.map((_, i) => i).filter((i) => i !== index).sort((a, b) => far[a] - far[b]).slice(0, NEAREST);
}
