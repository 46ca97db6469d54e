/** @file The units of a layer as squares, lit by what they answer; one is chosen, some may be off. */
import { html, useEffect, useRef, useResize, useState } from "../kit/lib.js";
import { choosing } from "../kit/grid.js";
import { useParts } from "../kit/store.js";
import { rgb } from "../kit/theme.js";
import { lights } from "../kit/weights.js";
import { T } from "./texts.js";

const [CELL, GAP] = [12, 2]; // of a square, in pixels of the canvas
const NONE = /** @type {number[]} */ ([]);

/** Whether there is room for many squares side by side. */
const isWide = () => innerWidth > 700;

/**
 * @param {{
 *   title: string, units: number, answers: (number | null)[], chosen: number, says: string, off?: number[],
 *   onChoose: (unit: number) => void, onAct?: (unit: number) => void,
 * }} props  chosen: -1 for none; onAct: what a click and the Enter key do, if not choose
 */
export function Squares({ title, units, answers, chosen, says, off = NONE, onChoose, onAct }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const [wide, setWide] = useState(isWide);
  useResize(canvas, () => setWide(isWide()));
  const columns = Math.min(units, units <= 256 ? 32 : wide ? 50 : 25);
  const light = lights(answers);
  useEffect(() => void (canvas.current && paint(canvas.current, units, columns, light, chosen, off)), [answers, units, columns, chosen, off, theme]);
  const grid = choosing({ label: T.activations.label(title), says, columns, count: units, cell: CELL + GAP, chosen, onChoose });
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (onAct && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      onAct(Math.max(0, chosen));
    } else grid.onKeyDown(event);
  };
  const click = onAct ? choosing({ label: "", says, columns, count: units, cell: CELL + GAP, chosen, onChoose: onAct }).onClick : grid.onClick;
  return html`<figure class="layer">
    <figcaption>${T.activations.layer(title, units, light.filter((one) => one > 0.5).length)}</figcaption>
    <canvas
      ref=${canvas} width=${columns * (CELL + GAP) - GAP} height=${Math.ceil(units / columns) * (CELL + GAP) - GAP}
      style=${{ maxWidth: `${columns * (CELL + GAP) * 1.4}px` }} ...${grid} onKeyDown=${keys} onClick=${click}
    ></canvas>
  </figure>`;
}

/**
 * @param {HTMLCanvasElement} canvas  @param {number} units  @param {number} columns  @param {number[]} light  @param {number} chosen
 * @param {number[]} off
 */
function paint(canvas, units, columns, light, chosen, off) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  painter.clearRect(0, 0, canvas.width, canvas.height);
  const [low, high, accent, bad] = [rgb("--grid"), rgb("--above"), rgb("--accent"), rgb("--bad")];
  for (let unit = 0; unit < units; unit++) {
    const [x, y] = [(unit % columns) * (CELL + GAP), Math.floor(unit / columns) * (CELL + GAP)];
    const part = off.includes(unit) ? 0 : (light[unit] ?? 0);
    painter.fillStyle = `rgb(${low.map((value, c) => Math.round(value + (high[c] - value) * part)).join(" ")})`;
    painter.fillRect(x, y, CELL, CELL);
    painter.lineWidth = 2;
    painter.strokeStyle = `rgb(${bad.join(" ")})`;
    if (off.includes(unit)) strike(painter, x, y);
    painter.lineWidth = 3;
    painter.strokeStyle = `rgb(${accent.join(" ")})`;
    if (unit === chosen) painter.strokeRect(x + 1.5, y + 1.5, CELL - 3, CELL - 3);
  }
}

/** A cross over a square. @param {CanvasRenderingContext2D} painter  @param {number} x  @param {number} y */
function strike(painter, x, y) {
  painter.beginPath();
  painter.moveTo(x + 3, y + 3);
  painter.lineTo(x + CELL - 3, y + CELL - 3);
  painter.moveTo(x + CELL - 3, y + 3);
  painter.lineTo(x + 3, y + CELL - 3);
  painter.stroke();
}
