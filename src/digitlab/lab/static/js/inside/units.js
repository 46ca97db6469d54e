/** @file The units of a network while it sees a picture: what they look for, what they answer, whom they speak to. */
import { short } from "../kit/format.js";
import { html, useEffect, useMemo, useRef, useResize, useState } from "../kit/lib.js";
import { choosing } from "../kit/grid.js";
import { useParts } from "../kit/store.js";
import { rgb } from "../kit/theme.js";
import { MOST_UNITS, Weights } from "../kit/weights.js";
import { choose, layerName, seenBy, strongest } from "./choice.js";
import { Pushes } from "./pushes.js";
import { T } from "./texts.js";
import { UnitCard } from "./unit.js";

/** @import { PartProps } from "./room.js" */

const STRONGEST = 64; // units of a large first layer that are shown
/** Whether there is room for many squares side by side. */
const isWide = () => innerWidth > 700;
const DIM = 0.06;
const [CELL, GAP] = [12, 2]; // of a square, in pixels of the canvas

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
      ${sizes.slice(1, -1).map((units, i) => html`<${Layer} key=${i} layer=${i + 1} units=${units} choice=${choice} answers=${answers[i] ?? []} />`)}
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
  const bright = lights(answers);
  const light = shown.map((unit) => bright[unit] ?? DIM);
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

/** The units of a hidden layer, as squares. @param {{ layer: number, units: number, choice: PartProps["choice"], answers: number[] }} props */
function Layer({ layer, units, choice, answers }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const [wide, setWide] = useState(isWide);
  useResize(canvas, () => setWide(isWide()));
  const columns = Math.min(units, units <= 256 ? 32 : wide ? 50 : 25);
  const place = choice.layer === layer ? choice.unit : -1;
  const name = layerName(layer, choice.sizes);
  const light = lights(answers);
  useEffect(() => void (canvas.current && paintLayer(canvas.current, units, columns, light, place)), [answers, units, columns, place, theme]);
  const grid = {
    label: T.activations.label(name),
    says: T.weights.says(Math.max(0, place), short(answers[Math.max(0, place)])),
    columns,
    count: units,
    cell: CELL + GAP,
    chosen: place,
    onChoose: (/** @type {number} */ unit) => choose({ layer, unit }),
  };
  return html`<figure class="layer">
    <figcaption>${T.activations.layer(name, units, light.filter((one) => one > 0.5).length)}</figcaption>
    <canvas
      ref=${canvas} width=${columns * (CELL + GAP) - GAP} height=${Math.ceil(units / columns) * (CELL + GAP) - GAP}
      style=${{ maxWidth: `${columns * (CELL + GAP)}px` }} ...${choosing(grid)}
    ></canvas>
  </figure>`;
}

/** @param {HTMLCanvasElement} canvas  @param {number} units  @param {number} columns  @param {number[]} light  @param {number} chosen */
function paintLayer(canvas, units, columns, light, chosen) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  painter.clearRect(0, 0, canvas.width, canvas.height);
  const [low, high, accent] = [rgb("--grid"), rgb("--above"), rgb("--accent")];
  for (let unit = 0; unit < units; unit++) {
    const [x, y] = [(unit % columns) * (CELL + GAP), Math.floor(unit / columns) * (CELL + GAP)];
    const part = light[unit] ?? 0;
    painter.fillStyle = `rgb(${low.map((value, c) => Math.round(value + (high[c] - value) * part)).join(" ")})`;
    painter.fillRect(x, y, CELL, CELL);
    if (unit !== chosen) continue;
    painter.strokeStyle = `rgb(${accent.join(" ")})`;
    painter.lineWidth = 3;
    painter.strokeRect(x + 1.5, y + 1.5, CELL - 3, CELL - 3);
  }
}

/** How bright each unit is: what it answers, as a part of the strongest answer, or of 1 where answers end there. @param {number[]} answers */
function lights(answers) {
  const most = answers.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  return answers.map((one) => Math.max(DIM, Math.abs(one) / most));
}
