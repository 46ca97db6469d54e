/** @file Paints what is on the pad. */
import { paintPixels } from "../kit/pixels.js";
import { colour } from "../kit/theme.js";

/** The pad is so many units wide and high, whatever its size on the screen. */
export const SIDE = 280;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./sheet.js").Sheet} asking
 * @param {{ x: number, y: number, down: boolean, shown: boolean }} pen
 */
export function paintPad(canvas, asking, pen) {
  const painter = canvas.getContext("2d");
  const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  if (!painter || !size) return;
  if (canvas.width !== size) canvas.width = canvas.height = size;
  painter.setTransform(size / SIDE, 0, 0, size / SIDE, 0, 0);
  painter.clearRect(0, 0, SIDE, SIDE);
  if (asking.bitmap) paintBitmap(painter, asking.bitmap);
  else if (asking.test) paintSmall(painter, asking.test.reading.pixels);
  painter.lineWidth = asking.width;
  painter.lineCap = painter.lineJoin = "round";
  painter.strokeStyle = painter.fillStyle = colour("--pad-ink");
  for (const stroke of asking.strokes) paintStroke(painter, stroke);
  if (pen.shown) paintPen(painter, pen, asking.width);
}

/** @param {CanvasRenderingContext2D} painter  @param {import("./sheet.js").Stroke} stroke */
function paintStroke(painter, stroke) {
  const [[x, y]] = stroke;
  painter.beginPath();
  painter.moveTo(x, y);
  if (stroke.length === 1) painter.lineTo(x, y + 0.01);
  for (const point of stroke) painter.lineTo(point[0], point[1]);
  painter.stroke();
}

/** @param {CanvasRenderingContext2D} painter  @param {{ x: number, y: number, down: boolean }} pen  @param {number} width */
function paintPen(painter, pen, width) {
  painter.lineWidth = 1.5;
  painter.strokeStyle = painter.fillStyle = colour("--accent");
  painter.beginPath();
  painter.arc(pen.x, pen.y, width / 2 + 3, 0, 2 * Math.PI);
  painter.stroke();
  painter.beginPath();
  painter.arc(pen.x, pen.y, pen.down ? 4 : 1.5, 0, 2 * Math.PI);
  painter.fill();
}

/** @param {CanvasRenderingContext2D} painter  @param {ImageBitmap} bitmap */
function paintBitmap(painter, bitmap) {
  const scale = Math.min(SIDE / bitmap.width, SIDE / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  painter.drawImage(bitmap, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
}

/** @param {CanvasRenderingContext2D} painter  @param {string} pixels  base64 of 784 bytes */
function paintSmall(painter, pixels) {
  const small = document.createElement("canvas");
  small.width = small.height = 28;
  paintPixels(small, pixels);
  painter.imageSmoothingEnabled = false;
  painter.drawImage(small, 0, 0, SIDE, SIDE);
}
