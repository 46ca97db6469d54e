/** @file What the distortions in the form make of a digit: as it is, then as training meets it in each of the first epochs. */
import { post } from "../kit/api.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { asValue, wrong } from "../kit/settings.js";
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
