/** @file The room in which a network is trained. Before the first training: one invitation. Then: the instrument. */
import { sentence } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { MOST_UNITS, Weights } from "../kit/weights.js";
import { T } from "./texts.js";
import { Curves } from "./curves.js";
import { Layers } from "./layers.js";
import { Readout } from "./readout.js";
import { Runs } from "./runs.js";
import { Settings } from "./settings.js";
import { Welcome } from "./welcome.js";

export function TrainRoom() {
  const begun = useStore((s) => s.training !== null);
  const runs = useStore((s) => s.runs.length > 0);
  if (!begun) return html`<${Welcome} />${runs && html`<${Runs} />`}<${Data} />`;
  return html`<div class="instrument">
    <div class="main">
      <${Readout} />
      <${Curves} />
      <${FirstLayer} />
      <${Layers} />
    </div>
    <${Runs} />
    <${Data} />
    <aside class="side card" aria-labelledby="settings-heading"><${Settings} /></aside>
  </div>`;
}

/** Its weights form before your eyes. */
function FirstLayer() {
  const units = useStore((s) => Number(/** @type {number[] | undefined} */ (s.training?.values.layers)?.[1]));
  return html`<section class="weights card" aria-labelledby="weights-heading">
    <h2 id="weights-heading">${T.weights.heading}</h2>
    <p class="note">${T.weights.about} ${units > MOST_UNITS && T.weights.some(MOST_UNITS, units)}</p>
    <${Weights} reader="live" units=${units} label=${T.weights.label(units)} />
  </section>`;
}

/** What is trained on, and what was done with it when it was opened. */
function Data() {
  const data = useStore((s) => s.about?.data);
  if (!data) return null;
  const ten = data.classes.join("") === "0123456789";
  return html`<section class="data card" aria-labelledby="data-heading">
    <h2 id="data-heading">${T.data.heading}</h2>
    <p class="note"><b>${data.source}</b>: ${T.data.size(data.training, data.test)} ${!ten && T.data.classes(data.classes.join(", "))}</p>
    ${data.notes.length > 0 && html`<p class="note">${T.data.notes}</p><ul class="note">${data.notes.map((one) => html`<li key=${one}>${sentence(one)}</li>`)}</ul>`}
  </section>`;
}
