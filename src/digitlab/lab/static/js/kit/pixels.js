/** @file Paints a picture of 28 x 28 pixels. */
import { rgb } from "./theme.js";

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
