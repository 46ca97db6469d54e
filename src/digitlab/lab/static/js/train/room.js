/** @file The room in which a network is trained. Before the first training: one invitation. Then: the instrument. */
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
  if (!begun) return html`<${Welcome} />${runs && html`<${Runs} />`}`;
  return html`<div class="instrument">
    <div class="main">
      <${Readout} />
      <${Curves} />
      <${FirstLayer} />
      <${Layers} />
    </div>
    <${Runs} />
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
