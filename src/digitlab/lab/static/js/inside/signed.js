/** @file A picture of numbers around 0. */
import { html, useEffect, useRef } from "../kit/lib.js";
import { paintSigned } from "../kit/pixels.js";
import { useParts } from "../kit/store.js";

/** @param {{ picture: import("../kit/types.js").Signed | null, label: string }} props */
export function SignedPicture({ picture, label }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { theme } = useParts("theme");
  const pixels = picture?.pixels ?? "";
  useEffect(() => void (canvas.current && paintSigned(canvas.current, pixels)), [pixels, theme]);
  return html`<canvas ref=${canvas} class="signed" width="28" height="28" role="img" aria-label=${label}></canvas>`;
}
