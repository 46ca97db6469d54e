/**
 * @file A diagram of a few curves: SVG, which follows the theme by itself, and its values as a table, for whoever does not
 * see it. The chart of a training under way, which grows all the time, is another one.
 */
import { T } from "../texts.js";
import { html, useId, useRef, useResize, useState } from "./lib.js";

/**
 * @typedef {{
 *   id: string, label: string, token: string, dash?: number[], x: number[], y: number[], spread?: [number, number][],
 *   points?: boolean, guide?: boolean,
 * }} Line  spread: the interval of each y, and no line; points: each is marked; guide: to compare with, no values
 * @typedef {{ label: string, low: number, high: number, format: (value: number) => string }} Axis
 */

const HEIGHT = 252;
const EDGE = { left: 56, right: 20, top: 26, bottom: 40 };
const FEW_TICKS = 5;
const MOST_ROWS = 24; // of the table

/** @param {{ title: string, look: string, lines: Line[], x: Axis, y: Axis, more?: { label: string, values: string[] } }} props  look: what to look at; more: one more column of the table */
export function Plot({ title, look, lines, x, y, more }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  const [width, setWidth] = useState(480);
  const [under, setUnder] = useState(/** @type {number | null} */ (null)); // the x that the pointer is near
  useResize(frame, ({ clientWidth }) => clientWidth && setWidth(clientWidth));
  const shown = lines.filter(({ guide }) => !guide);
  const [across, down] = [scaleOf(x, EDGE.left, width - EDGE.right), scaleOf(y, HEIGHT - EDGE.bottom, EDGE.top)];
  const point = (/** @type {PointerEvent} */ event) => {
    const at = event.clientX - /** @type {SVGElement} */ (event.currentTarget).getBoundingClientRect().left;
    setUnder(nearest(shown.flatMap((line) => line.x), (value) => Math.abs(across(value) - at)));
  };
  const read = under === null ? [] : shown.filter((line) => line.x.includes(under)).map((line) => `${shown.length > 1 ? `${line.label} ` : ""}${y.format(line.y[line.x.indexOf(under)])}`);
  return html`<figure class="plot">
    <figcaption><h3 id=${id}>${title}</h3><output aria-hidden="true">${read.length > 0 && `${x.format(/** @type {number} */ (under))}: ${read.join(", ")}`}</output></figcaption>
    <p class="note">${look}</p>
    ${shown.length > 1 && html`<ul class="legend">${shown.map((line) => html`<li key=${line.id}><${Sample} ...${line} />${line.label}</li>`)}</ul>`}
    <div class="frame" ref=${frame}>
      <svg width=${width} height=${HEIGHT} role="img" aria-labelledby=${id} onPointerMove=${point} onPointerLeave=${() => setUnder(null)}>
        <${Grid} x=${x} y=${y} across=${across} down=${down} width=${width} />
        ${lines.map((line) => html`<${Curve} key=${line.id} line=${line} across=${across} down=${down} under=${line.guide ? null : under} />`)}
      </svg>
    </div>
    <${Values} title=${title} lines=${shown} x=${x} y=${y} more=${more} />
  </figure>`;
}

/** From a value to a place on the screen. @param {Axis} axis  @param {number} from  @param {number} to */
const scaleOf = ({ low, high }, from, to) => (/** @type {number} */ value) => from + ((value - low) / (high - low || 1)) * (to - from);

/** Round numbers between both ends. @param {Axis} axis */
function ticksOf({ low, high }) {
  const rough = (high - low) / FEW_TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** @param {number[]} values  @param {(value: number) => number} away  @returns {number | null} */
const nearest = (values, away) => values.reduce((/** @type {number | null} */ best, value) => (best === null || away(value) < away(best) ? value : best), null);

/** @typedef {(value: number) => number} Scale */

/** @param {{ x: Axis, y: Axis, across: Scale, down: Scale, width: number }} props */
const Grid = ({ x, y, across, down, width }) => html`<g class="grid" aria-hidden="true">
  ${ticksOf(y).map(
    (tick) => html`<g key=${tick}>
      <line x1=${EDGE.left} x2=${width - EDGE.right} y1=${down(tick)} y2=${down(tick)} />
      <text x=${EDGE.left - 7} y=${down(tick) + 4} text-anchor="end">${y.format(tick)}</text>
    </g>`,
  )}
  ${ticksOf(x).map((tick) => html`<text key=${tick} x=${across(tick)} y=${HEIGHT - EDGE.bottom + 17} text-anchor="middle">${x.format(tick)}</text>`)}
  <text class="axis" x=${(EDGE.left + width - EDGE.right) / 2} y=${HEIGHT - 5} text-anchor="middle">${x.label}</text>
  <text class="axis" x="0" y="11">${y.label}</text>
</g>`;

/** @param {{ line: Line, across: Scale, down: Scale, under: number | null }} props */
function Curve({ line: { token, dash, x, y, spread, points, guide }, across, down, under }) {
  const stroke = `var(${token})`;
  const path = x.map((value, i) => `${across(value).toFixed(1)},${down(y[i]).toFixed(1)}`).join(" ");
  const at = under === null ? -1 : x.indexOf(under);
  return html`<g aria-hidden="true">
    ${spread?.map(([low, high], i) => html`<line key=${i} x1=${across(x[i])} x2=${across(x[i])} y1=${down(low)} y2=${down(high)} stroke=${stroke} stroke-width="5" opacity="0.3" />`)}
    ${!spread && html`<polyline points=${path} fill="none" stroke=${stroke} stroke-width=${guide ? 1.2 : 2} stroke-dasharray=${dash?.join(" ")} />`}
    ${points && x.map((value, i) => html`<circle key=${i} cx=${across(value)} cy=${down(y[i])} r="3.5" fill=${stroke} />`)}
    ${at >= 0 && html`<circle cx=${across(x[at])} cy=${down(y[at])} r="5" fill=${stroke} stroke="var(--card)" stroke-width="2" />`}
  </g>`;
}

/** A short piece of a curve. @param {Line} props */
const Sample = ({ token, dash }) => html`<svg width="26" height="8" aria-hidden="true">
  <line x1="1" y1="4" x2="25" y2="4" stroke=${`var(${token})`} stroke-width="2" stroke-dasharray=${dash?.join(" ")} />
</svg>`;

/** The same as a table; of many values, some. @param {{ title: string, lines: Line[], x: Axis, y: Axis, more?: { label: string, values: string[] } }} props */
function Values({ title, lines, x, y, more }) {
  const [opened, setOpened] = useState(false);
  return html`<details class="values" onToggle=${(/** @type {Event} */ event) => setOpened(/** @type {HTMLDetailsElement} */ (event.currentTarget).open)}>
    <summary>${T.plot.values}<span class="unseen">: ${title}</span></summary>
    ${opened &&
    html`<table>
      <thead><tr><th scope="col">${x.label}</th>${lines.map(({ id, label }) => html`<th key=${id} scope="col">${lines.length > 1 ? label : y.label}</th>`)}${more && html`<th scope="col">${more.label}</th>`}</tr></thead>
      <tbody>
        ${rowsOf(lines).map(
          (value) => html`<tr key=${value}>
            <th scope="row">${x.format(value)}</th>
            ${lines.map((line) => html`<td key=${line.id}>${line.x.includes(value) ? y.format(line.y[line.x.indexOf(value)]) : "–"}</td>`)}
            ${more && html`<td>${more.values[lines[0].x.indexOf(value)]}</td>`}
          </tr>`,
        )}
      </tbody>
    </table>`}
  </details>`;
}

/** Every x, or some of them, evenly, the first and the last among them. @param {Line[]} lines */
function rowsOf(lines) {
  const all = [...new Set(lines.flatMap(({ x }) => x))].sort((a, b) => a - b);
  if (all.length <= MOST_ROWS) return all;
  return Array.from({ length: MOST_ROWS }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOST_ROWS - 1))]);
}
