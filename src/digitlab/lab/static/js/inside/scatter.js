/** @file Paints the map: a dot for each digit, in a colour and as a numeral of its class; and finds the one that is pointed at. */
import { html, useEffect, useRef, useResize, useState } from "../kit/lib.js";
import { useParts } from "../kit/store.js";
import { colour } from "../kit/theme.js";
import { saysOf } from "./map.js";
import { T } from "./texts.js";

/** @import { LayerMap, Place } from "../kit/types.js" */

const COLOURS = ["--above", "--below", "--curve-1", "--curve-2", "--curve-3", "--curve-4", "--curve-5", "--curve-6", "--ink", "--muted"];
const EDGE = 14; // pixels around the dots
const NEAR = 24; // pixels from the pointer within which a dot is
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {{
 *   map: LayerMap | null, place: Place | null, only: number, at: number, onPoint: (index: number) => void, onLook: (index: number) => void,
 * }} props  only: one class, or -1; at: the dot that is pointed at, or -1
 */
export function Scatter({ map, place, only, at, onPoint, onLook }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const [size, setSize] = useState([0, 0]);
  useResize(canvas, ({ clientWidth, clientHeight }) => setSize([clientWidth, clientHeight]));
  const dots = map && size[0] ? placed(map, size) : [];
  useEffect(() => {
    if (canvas.current && map && size[0]) paint(canvas.current, size, map, dots, place && onMap(map, place, size), only, at);
  }, [map, place, only, at, theme, size]);
  const seen = (/** @type {number} */ index) => only < 0 || map?.labels[index] === only;
  const move = (/** @type {MouseEvent} */ event) => onPoint(nearestTo(dots, [event.offsetX, event.offsetY], seen));
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const by = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !map) return;
    if (by) onPoint(nextTo(dots, at, by, seen));
    else if (event.key === "Enter" && at >= 0) onLook(at);
    else return;
    event.preventDefault();
  };
  return html`<canvas
    ref=${canvas} class="scatter" tabindex="0" role="slider" aria-label=${T.map.label} aria-valuemin="0" aria-valuemax=${(map?.points.length ?? 1) - 1}
    aria-valuenow=${Math.max(0, at)} aria-valuetext=${map && at >= 0 ? saysOf(map, at) : T.map.none}
    onMouseMove=${move} onClick=${(/** @type {MouseEvent} */ event) => {
      const index = nearestTo(dots, [event.offsetX, event.offsetY], seen);
      if (index >= 0) onLook(index);
    }}
    onKeyDown=${keys}
  ></canvas>`;
}

/** What a class looks like on the map. @param {{ digit: number, name: string }} props */
export const DigitMark = ({ digit, name }) => html`<span style=${{ color: `var(${COLOURS[digit % COLOURS.length]})` }}>${name}</span>`;

/** A function from the map's numbers to pixels. @param {LayerMap} map  @param {number[]} size */
function scaleOf({ points }, [width, height]) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top, right, bottom] = [Math.min(...xs), Math.max(...ys), Math.max(...xs), Math.min(...ys)];
  return (/** @type {number} */ x, /** @type {number} */ y) => [
    EDGE + ((x - left) / (right - left || 1)) * (width - 2 * EDGE),
    EDGE + ((top - y) / (top - bottom || 1)) * (height - 2 * EDGE),
  ];
}

/** @param {LayerMap} map  @param {number[]} size */
function placed(map, size) {
  const scale = scaleOf(map, size);
  return map.points.map(([x, y]) => scale(x, y));
}

/** Where the picture is; at the edge, if it lies beyond. @param {LayerMap} map  @param {Place} place  @param {number[]} size */
function onMap(map, place, size) {
  const [x, y] = scaleOf(map, size)(place.x, place.y);
  return [Math.min(size[0] - EDGE, Math.max(EDGE, x)), Math.min(size[1] - EDGE, Math.max(EDGE, y))];
}

/** The dot under the pointer, or -1. @param {number[][]} dots  @param {number[]} place  @param {(index: number) => boolean} seen */
function nearestTo(dots, [x, y], seen) {
  let [best, shortest] = [-1, NEAR];
  for (const [index, [dx, dy]] of dots.entries()) {
    const far = Math.hypot(dx - x, dy - y);
    if (far < shortest && seen(index)) [best, shortest] = [index, far];
  }
  return best;
}

/** The next dot into a direction. @param {number[][]} dots  @param {number} at  @param {[number, number]} by  @param {(index: number) => boolean} seen */
function nextTo(dots, at, [bx, by], seen) {
  if (at < 0) return dots.findIndex((_, index) => seen(index));
  let [best, shortest] = [at, Infinity];
  for (const [index, [x, y]] of dots.entries()) {
    const [dx, dy] = [x - dots[at][0], y - dots[at][1]];
    const ahead = dx * bx + dy * by;
    const far = ahead + 3 * Math.abs(dx * by) + 3 * Math.abs(dy * bx);
    if (ahead > 0.5 && far < shortest && seen(index)) [best, shortest] = [index, far];
  }
  return best;
}

/**
 * @param {HTMLCanvasElement} canvas  @param {number[]} size  @param {LayerMap} map  @param {number[][]} dots  @param {number[] | null} mine
 * @param {number} only  @param {number} at
 */
function paint(canvas, [width, height], map, dots, mine, only, at) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  const dense = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  painter.setTransform(dense, 0, 0, dense, 0, 0);
  painter.font = '600 10px system-ui, "Segoe UI", sans-serif';
  painter.textAlign = "center";
  painter.textBaseline = "middle";
  for (const [index, [x, y]] of dots.entries()) {
    const label = map.labels[index];
    painter.globalAlpha = only < 0 || label === only ? 0.85 : 0.06;
    painter.fillStyle = colour(COLOURS[label % COLOURS.length]);
    painter.fillText(map.names[label].slice(0, 2), x, y);
    if (map.predicted[index] !== label) ring(painter, x, y, 7, colour("--bad"), 1.5);
  }
  painter.globalAlpha = 1;
  if (at >= 0 && dots[at]) ring(painter, dots[at][0], dots[at][1], 9, colour("--accent"), 2.5);
  if (mine) cross(painter, mine[0], mine[1]);
}

/** @param {CanvasRenderingContext2D} painter  @param {number} x  @param {number} y  @param {number} radius  @param {string} style  @param {number} width */
function ring(painter, x, y, radius, style, width) {
  painter.strokeStyle = style;
  painter.lineWidth = width;
  painter.beginPath();
  painter.arc(x, y, radius, 0, 2 * Math.PI);
  painter.stroke();
}

/** @param {CanvasRenderingContext2D} painter  @param {number} x  @param {number} y */
function cross(painter, x, y) {
  for (const [style, width] of /** @type {[string, number][]} */ ([[colour("--card"), 7], [colour("--accent"), 3.5]])) {
    painter.strokeStyle = style;
    painter.lineWidth = width;
    painter.beginPath();
    painter.moveTo(x - 10, y);
    painter.lineTo(x + 10, y);
    painter.moveTo(x, y - 10);
    painter.lineTo(x, y + 10);
    painter.stroke();
  }
}
