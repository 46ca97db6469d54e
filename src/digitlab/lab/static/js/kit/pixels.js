/** @file Paints a picture of 28 x 28 pixels: ink, or numbers around 0. */
import { rgb, weightColours } from "./theme.js";

/**
 * Ink in the colour of the theme, on nothing.
 * @param {HTMLCanvasElement} canvas  28 x 28
 * @param {string} pixels  base64 of 784 bytes, or of none
 */
export function paintPixels(canvas, pixels) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  const image = painter.createImageData(28, 28);
  const ink = rgb("--pad-ink");
  [...atob(pixels)].forEach((byte, i) => image.data.set([...ink, byte.charCodeAt(0)], i * 4));
  painter.putImageData(image, 0, 0);
}

/**
 * Blue below 0, orange above.
 * @param {HTMLCanvasElement} canvas  28 x 28
 * @param {string} pixels  base64 of 784 bytes, 128 for 0
 */
export function paintSigned(canvas, pixels) {
  const painter = canvas.getContext("2d");
  if (!painter) return;
  const image = painter.createImageData(28, 28);
  const colours = weightColours();
  const target = new Uint32Array(image.data.buffer);
  [...atob(pixels)].forEach((byte, i) => (target[i] = colours[byte.charCodeAt(0)]));
  painter.putImageData(image, 0, 0);
}
