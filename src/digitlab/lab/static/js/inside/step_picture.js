/** @file The picture of a step, pixel by pixel; where a unit of the first layer is lit, what each pixel adds to its sum. */
import { short } from "../kit/format.js";
import { choosing, placeUnder } from "../kit/grid.js";
import { html, useEffect, useRef } from "../kit/lib.js";
import { asSigned, paintPixels, paintSigned } from "../kit/pixels.js";
import { useParts } from "../kit/store.js";
import { colour } from "../kit/theme.js";
import { T } from "./texts.js";

const SIDE = 28;
const SCALE = 10; // pixels of the canvas for each of the picture

/** @param {{ numbers: import("./numbers.js").Numbers, lit: import("./step.js").Lit, onLight: (lit: import("./step.js").Lit) => void }} props */
export function StepPicture({ numbers, lit, onLight }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const { step } = numbers;
  const place = lit.layer === 0 ? lit.place : -1;
  useEffect(() => void (canvas.current && paint(canvas.current, step.pixels, numbers.flow(0, lit), place)), [numbers, lit, theme]);
  const point = (/** @type {number} */ pixel) => onLight({ layer: 0, place: pixel, name: "x" });
  const grid = {
    label: T.step.picture,
    says: T.step.pictureSays(Math.max(0, place), short(numbers.x[Math.max(0, place)])),
    columns: SIDE,
    count: SIDE * SIDE,
    cell: SCALE,
    chosen: place < 0 ? numbers.from[0] : place,
    onChoose: point,
  };
  const move = (/** @type {MouseEvent} */ event) => {
    const pixel = placeUnder(event, SIDE, SCALE);
    if (pixel < SIDE * SIDE && pixel !== place) point(pixel);
  };
  return html`<canvas ref=${canvas} class="large-picture" width=${SIDE * SCALE} height=${SIDE * SCALE} ...${choosing(grid)} onMouseMove=${move}></canvas>`;
}

/** @param {HTMLCanvasElement} canvas  @param {string} pixels  @param {number[] | null} flow  @param {number} chosen */
function paint(canvas, pixels, flow, chosen) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  if (flow) paintSigned(small, asSigned(flow));
  else paintPixels(small, pixels);
  painter.clearRect(0, 0, canvas.width, canvas.height);
  painter.imageSmoothingEnabled = false;
  painter.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (chosen < 0) return;
  painter.strokeStyle = colour("--accent");
  painter.lineWidth = 3;
  painter.strokeRect((chosen % SIDE) * SCALE, Math.floor(chosen / SIDE) * SCALE, SCALE, SCALE);
}
