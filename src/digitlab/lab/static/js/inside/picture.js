/** @file The picture that is looked at, what the network says of it, and how to choose another one. */
import { linkTo } from "../kit/address.js";
import { get, post } from "../kit/api.js";
import { count, percent } from "../kit/format.js";
import { html, onValue, Spoken, useEffect, useState } from "../kit/lib.js";
import { Picture as Small } from "../kit/picture.js";
import { useStore } from "../kit/store.js";
import { attempt } from "../kit/wish.js";
import { choose } from "./choice.js";
import { T } from "./texts.js";

/** @import { Inside } from "../kit/types.js" */
/** @import { Choice } from "./choice.js" */

/** @param {{ choice: Choice, inside: Inside | null, busy: boolean }} props */
export function Picture({ choice, inside, busy }) {
  const shown = choice.picture ? inside : null;
  return html`<section class="picture card" aria-labelledby="picture-heading" aria-busy=${busy}>
    <h2 id="picture-heading" class="unseen">${T.picture.heading}</h2>
    <${Small} pixels=${shown?.pixels ?? ""} label=${T.picture.seesLabel} />
    <div class="which">
      ${choice.picture ? html`<${Said} inside=${shown} drawn=${choice.drawn} />` : html`<p>${T.picture.noDrawing} <a href=${linkTo("read")}>${T.picture.toRead}</a></p>`}
    </div>
    <${Others} choice=${choice} />
    <${Asked} choice=${choice} inside=${shown} />
  </section>`;
}

/** @param {{ inside: Inside | null, drawn: boolean }} props */
function Said({ inside, drawn }) {
  const name = inside?.names[inside.predicted] ?? "";
  const says = inside ? T.picture.says(name, percent(inside.probabilities[inside.predicted])) : "\u00a0";
  const label = inside?.label ?? null;
  const right = label === inside?.predicted;
  const is = inside && label !== null ? T.picture.is(inside.names[label]) : "\u00a0";
  return html`<p><b>${drawn ? T.picture.drawing : T.picture.test(inside?.index ?? 0)}</b> ${is}</p>
    <p>${says} ${label !== null && html`<span class=${`verdict ${right ? "right" : "wrong"}`}>${right ? "✓" : "✗"} ${right ? T.picture.right : T.picture.wrong}</span>`}</p>
    <${Spoken} text=${inside ? `${is} ${says}` : ""} wait=${500} />`;
}

/** How to choose another one. @param {{ choice: Choice }} props */
function Others({ choice }) {
  const test = useStore((s) => s.about?.data.test ?? 10_000);
  const index = choice.picture && "index" in choice.picture ? choice.picture.index : null;
  const [typed, setTyped] = useState("");
  const [note, setNote] = useState("");
  useEffect(() => setTyped(index === null ? "" : String(index)), [index]);
  useEffect(() => setNote(""), [choice.id]);
  const reader = encodeURIComponent(choice.id ?? "");
  const random = async () => {
    const found = await attempt(() => post(`inside?reader=${reader}`, {}));
    if (found) choose({ picture: found.index });
  };
  const mistake = async () => {
    const found = await attempt(() => get(`inside/next-mistake?reader=${reader}${index === null ? "" : `&after=${index}`}`));
    if (found && found.index !== null) choose({ picture: found.index, digit: undefined });
    setNote(found?.index === null ? T.picture.noMistake : "");
  };
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.trim() !== "") choose({ picture: typed.trim() });
  };
  return html`<div class="others">
    <button class="small" type="button" onClick=${random}>${T.picture.random}</button>
    <button class="small" type="button" onClick=${mistake}>${T.picture.mistake}</button>
    <button class="small" type="button" aria-pressed=${choice.drawn} onClick=${() => choose({ picture: "drawing" })}>${T.picture.draw}</button>
    <form onSubmit=${show}>
      <label><span>${T.picture.index}</span>
        <input type="number" min="0" max=${test - 1} step="1" value=${typed} title=${`0 to ${count(test - 1)}`} onInput=${onValue(setTyped)} />
      </label>
      <button class="small" type="submit">${T.picture.show}</button>
    </form>
    ${note && html`<p class="note" role="status">${note}</p>`}
  </div>`;
}

/** The probabilities, and which digit is asked about. @param {{ choice: Choice, inside: Inside | null }} props */
function Asked({ choice, inside }) {
  const names = inside?.names ?? [..."0123456789"];
  const asked = inside ? (choice.digit ?? inside.digit) : -1;
  return html`<fieldset class="asked">
    <legend>${T.picture.asked}</legend>
    <div>
      ${names.map((name, digit) => {
        const share = inside?.probabilities[digit] ?? 0;
        const says = T.picture.digit(name, percent(share));
        return html`<label key=${digit} class=${digit === inside?.predicted ? "first" : ""} title=${says}>
          <input type="radio" name="asked" checked=${digit === asked} aria-label=${says} onChange=${() => choose({ digit })} />
          <i aria-hidden="true"><i style=${{ transform: `scaleY(${share})` }}></i></i>
          <span aria-hidden="true">${name}</span>
        </label>`;
      })}
    </div>
  </fieldset>`;
}
