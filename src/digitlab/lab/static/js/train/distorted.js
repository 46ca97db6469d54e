/** @file What the distortions in the form make of a digit: as it is, then as training meets it in each of the first epochs. */
import { post } from "../kit/api.js";
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { paintPixels } from "../kit/pixels.js";
import { asValue, wrong } from "../kit/settings.js";
import { useParts } from "../kit/store.js";
import { T } from "./texts.js";

/** @param {{ settings: import("../kit/types.js").Setting[], texts: import("../kit/settings.js").Texts }} props  those that decide */
export function Distorted({ settings, texts }) {
  const [pictures, setPictures] = useState(/** @type {string[]} */ ([]));
  const right = settings.filter((one) => !wrong(one, texts[one.name]));
  const wish = JSON.stringify({ settings: Object.fromEntries(right.map((one) => [one.name, asValue(one, texts[one.name])])) });
  useEffect(() => {
    let wanted = true;
    post("distorted", JSON.parse(wish)).then(
      (answer) => wanted && setPictures(answer.pictures),
      () => {}, // the pictures stay as they were
    );
    return () => void (wanted = false);
  }, [wish]);
  return html`<figure class="distorted">
    <div role="img" aria-label=${T.settings.distorted}>${pictures.map((pixels, i) => html`<${Picture} key=${i} pixels=${pixels} />`)}</div>
    <figcaption class="help">${T.settings.distorted}</figcaption>
  </figure>`;
}

/** @param {{ pixels: string }} props */
function Picture({ pixels }) {
  const { theme } = useParts("theme");
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => void (canvas.current && paintPixels(canvas.current, pixels)), [pixels, theme]);
  return html`<canvas ref=${canvas} class="pictures" width="28" height="28"></canvas>`;
}
