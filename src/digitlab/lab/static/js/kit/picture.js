/** @file A picture of 28 x 28 pixels, painted anew with the theme. */
import { html, useEffect, useRef } from "./lib.js";
import { paintPixels } from "./pixels.js";
import { useParts } from "./store.js";

/** @param {{ pixels: string, label?: string, paint?: (canvas: HTMLCanvasElement, pixels: string) => void }} props  without a label, its surroundings say what it is */
export function Picture({ pixels, label, paint = paintPixels }) {
  const { theme } = useParts("theme");
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => void (canvas.current && paint(canvas.current, pixels)), [pixels, theme]);
  const role = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<canvas ref=${canvas} class="pictures" width="28" height="28" ...${role}></canvas>`;
}
