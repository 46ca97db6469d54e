/** @file Pictures of 28 x 28 pixels, ink or numbers around 0: as base64, and painted. */
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
  bytesOf(pixels).forEach((byte, i) => image.data.set([...ink, byte], i * 4));
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
  bytesOf(pixels).forEach((byte, i) => (target[i] = colours[byte]));
  painter.putImageData(image, 0, 0);
}

/** Numbers around 0 as `paintSigned` takes them. @param {ArrayLike<number>} numbers */
export function asSigned(numbers) {
  const most = Math.max(...Array.from(numbers, Math.abs)) || 1;
  return asBase64(Uint8Array.from(numbers, (one) => Math.round(128 + (127 * one) / most)));
}

/** @param {Uint8Array} bytes */
export const asBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** @param {string} base64 */
export function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
