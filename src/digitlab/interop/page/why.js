/** @file Why the network says so: the pixels and the hidden units that speak for an answer, and against it. */
import { percent } from "../../lab/static/js/kit/format.js";
import { html, onValue, useEffect, useState } from "../../lab/static/js/kit/lib.js";
import { Picture } from "../../lab/static/js/kit/picture.js";
import { asSigned, paintSigned } from "../../lab/static/js/kit/pixels.js";
import { Bars, strongest, termsOf } from "../../lab/static/js/inside/bars.js";
import { T as inside } from "../../lab/static/js/inside/texts.js";
import { attribute } from "./attribution.js";
import { atPixels, firstDelta } from "./network.js";
import { T } from "./texts.js";

/** @import { Reader } from "./reader.js" */
/** @typedef {NonNullable<import("./page_sheet.js").PageSheet["reading"]>} Reading */
/** @typedef {{ name: string, sum: string, pixels: string, pushes: number[], bias: number, logit: number, units: { unit: number, pixels: string }[] }} Found */

const SETTLED = 150; // milliseconds without change, before it is worked out: not with every point that is drawn
const MOST = 8; // hidden units that are shown

/** @param {{ reading: Reading | null, reader: Reader }} props */
export function Why({ reading, reader }) {
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState(/** @type {Found | null} */ (null));
  const [busy, setBusy] = useState(false);
  const shown = reading?.blank ? null : reading;
  const asked = shown && (wanted === "" ? shown.probabilities.indexOf(Math.max(...shown.probabilities)) : Number(wanted));
  useEffect(() => {
    let alive = true;
    setBusy(shown !== null);
    if (shown === null || asked === null) setFound(null);
    const later = setTimeout(async () => {
      const answer = shown && asked !== null ? await explain(reader, shown, asked, () => alive) : null;
      if (!alive || !answer) return;
      setFound(answer);
      setBusy(false);
    }, SETTLED);
    return () => {
      alive = false;
      clearTimeout(later);
    };
  }, [shown, asked]);
  return html`<section class="reasons card" aria-labelledby="why-heading" aria-busy=${busy}>
    <div class="head">
      <h2 id="why-heading">${T.why}</h2>
      ${shown &&
      html`<label class="pick"><span>${T.ask}</span>
        <select value=${String(asked)} onChange=${onValue(setWanted)}>
          ${reader.classes.map((name, i) => html`<option key=${i} value=${String(i)}>${name} (${percent(shown.probabilities[i])})</option>`)}
        </select>
      </label>`}
    </div>
    ${found ? html`<${Reasons} found=${found} shown=${shown} reader=${reader} />` : html`<p class="note">${shown ? T.working : T.whyBlank}</p>`}
  </section>`;
}

/** @param {{ found: Found, shown: Reading | null, reader: Reader }} props */
function Reasons({ found, shown, reader }) {
  const { name, pushes, bias, logit, units } = found;
  return html`<div class="shown">
    <figure class="small-picture">
      <${Picture} pixels=${shown?.pixels ?? ""} label=${inside.picture.seesLabel} />
      <figcaption><h3>${T.sees}</h3><p>${T.seesHelp} ${reader.upright && T.upright}</p></figcaption>
    </figure>
    <figure class="small-picture">
      <${Picture} pixels=${found.pixels} label=${T.pixelsLabel(name)} paint=${paintSigned} />
      <figcaption><h3>${T.pixels(name)}</h3><p>${T.pixelsHelp}</p><p class="sum">${found.sum}</p></figcaption>
    </figure>
    ${units.length > 0 &&
    html`<div class="pushing">
      <h3>${T.units(name)}</h3>
      <p class="note">${T.unitsHelp}</p>
      <${Bars} rows=${termsOf({ pushes, bias, logit, most: MOST, nameOf: inside.inside.unit })} />
      <p class="note">${T.unitsLook}</p>
      <ol>
        ${units.map(({ unit, pixels }) => html`<li key=${unit}><${Picture} pixels=${pixels} label=${T.unitLabel(unit)} paint=${paintSigned} /><span aria-hidden="true">${unit}</span></li>`)}
      </ol>
    </div>`}
  </div>`;
}

/**
 * @param {Reader} reader
 * @param {Reading} reading
 * @param {number} asked  the class
 * @param {() => boolean} wanted  whether anybody still waits
 * @returns {Promise<Found | null>}
 */
async function explain({ network, classes }, { passed }, asked, wanted) {
  const attribution = await attribute(network, passed.inputs[0], asked, wanted);
  if (!attribution) return null;
  const { layers } = network;
  const [last, a] = [layers[layers.length - 1], passed.inputs[layers.length - 1]];
  const pushes = Array.from(a, (value, h) => value * last.W[h * last.b.length + asked]);
  const hidden = layers.length > 1 ? strongest(pushes, MOST) : [];
  return {
    name: classes[asked],
    sum: T.sum(classes[asked], exactly(attribution.sum), exactly(attribution.expected)),
    pixels: asSigned(attribution.pixels),
    pushes,
    bias: last.b[asked],
    logit: passed.sums[layers.length - 1][asked],
    units: hidden.map((unit) => ({ unit, pixels: asSigned(atPixels(network, firstDelta(network, passed, unit, layers.length - 2))) })),
  };
}

/** With its sign, and with as many digits as show whether two sums are the same. @param {number} value */
const exactly = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
