/** @file Which pixels speak for a digit, and the smallest change that makes it another one. */
import { percent } from "../kit/format.js";
import { html, onValue, useRef, useState, useWanted } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { paintSigned } from "../kit/pixels.js";
import { useLook } from "./answer.js";
import { T } from "./texts.js";

/** @import { Attribution, Attributions, Counterfactual } from "../kit/types.js" */
/** @import { PartProps } from "./room.js" */

const LIVE_EVERY = 3000; // milliseconds between two looks at a network that learns

/** @param {PartProps} props */
export function Pixels({ choice, inside }) {
  const { answer } = useLook(choice.id, "/pixels", { ...choice.picture, digit: choice.digit }, { every: LIVE_EVERY });
  const found = /** @type {Attributions | null} */ (answer);
  const name = inside?.names[found?.digit ?? inside.digit] ?? "";
  return html`<section class="card" aria-labelledby="pixels-heading">
      <h2 id="pixels-heading">${T.pixels.heading(name)}</h2>
      <p class="note">${T.pixels.about}</p>
      <div class="three">${Object.keys(T.pixels.methods).map((method, i) => html`<${Method} key=${method} method=${method} name=${name} found=${found?.methods[i] ?? null} />`)}</div>
    </section>
    <${Flip} choice=${choice} inside=${inside} />`;
}

/** With its sign, and with as many digits as show whether two sums are the same. @param {number} value */
const exactly = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** @param {{ method: string, name: string, found: Attribution | null }} props */
function Method({ method, name, found }) {
  const { name: title, about } = T.pixels.methods[method];
  const sum = found && (found.expected === null ? T.pixels.noSum : T.pixels.sum(exactly(found.sum), exactly(found.expected)));
  return html`<figure class="small-picture">
    <${Picture} pixels=${found?.pixels ?? ""} label=${T.pixels.label(title, name)} paint=${paintSigned} />
    <figcaption><h3>${title}</h3><p>${about}</p><p class="sum">${sum ?? "\u00a0"}</p></figcaption>
  </figure>`;
}

/** @param {PartProps} props */
function Flip({ choice, inside }) {
  const section = useRef(null);
  const [wanted, setWanted] = useState("");
  const looked = useWanted(section);
  const predicted = inside?.predicted;
  const same = wanted === String(predicted);
  const { answer } = useLook(choice.id, same || !looked ? null : "/flip", { ...choice.picture, becomes: wanted === "" ? undefined : Number(wanted) }, { every: LIVE_EVERY });
  const found = same ? null : /** @type {Counterfactual | null} */ (answer);
  const names = inside?.names ?? [];
  const { becomes = null, change = null } = found ?? {};
  const told = same
    ? T.flip.same
    : found && becomes === null
      ? T.flip.none
      : found && T.flip.distance((found.distance ?? 0).toFixed(2), percent(found.greatest, 0));
  return html`<section class="card" ref=${section} aria-labelledby="flip-heading">
    <div class="head">
      <h2 id="flip-heading">${T.flip.heading}</h2>
      <label class="pick"><span>${T.flip.becomes}</span>
        <select value=${wanted} onChange=${onValue(setWanted)}>
          <option value="">${T.flip.any}</option>
          ${names.map((name, digit) => html`<option key=${digit} value=${digit}>${name}</option>`)}
        </select>
      </label>
    </div>
    <p class="note">${T.flip.about}</p>
    <div class="three">
      <figure class="small-picture">
        <${Picture} pixels=${inside?.pixels ?? ""} label=${T.picture.seesLabel} />
        <figcaption><h3>${T.flip.before(names[predicted ?? -1] ?? "")}</h3></figcaption>
      </figure>
      <figure class="small-picture">
        <${Picture} pixels=${change?.pixels ?? ""} label=${T.flip.change} paint=${paintSigned} />
        <figcaption><h3>${T.flip.change}</h3><p>${T.flip.changeAbout}</p></figcaption>
      </figure>
      <figure class="small-picture">
        <${Picture} pixels=${found?.after ?? ""} label=${becomes === null ? T.flip.then : T.flip.after(names[becomes], percent(found?.probability))} />
        <figcaption><h3>${becomes === null ? T.flip.then : T.flip.after(names[becomes], percent(found?.probability))}</h3></figcaption>
      </figure>
    </div>
    <p class="flipped" role="status">${told ?? "\u00a0"}</p>
  </section>`;
}
