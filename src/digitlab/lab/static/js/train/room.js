/** @file The room in which a network is trained. Before the first training: one invitation. Then: the instrument. */
import { html } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { Curves } from "./curves.js";
import { Layers } from "./layers.js";
import { Readout } from "./readout.js";
import { Runs } from "./runs.js";
import { Settings } from "./settings.js";
import { Weights } from "./weights.js";
import { Welcome } from "./welcome.js";

export function TrainRoom() {
  const begun = useStore((s) => s.training !== null);
  const runs = useStore((s) => s.runs.length > 0);
  if (!begun) return html`<${Welcome} />${runs && html`<${Runs} />`}`;
  return html`<div class="instrument">
    <div class="main">
      <${Readout} />
      <${Curves} />
      <${Weights} />
      <${Layers} />
    </div>
    <${Runs} />
    <aside class="side card" aria-labelledby="settings-heading"><${Settings} /></aside>
  </div>`;
}
