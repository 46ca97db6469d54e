/** @file For each layer: how large its gradient is, and how many of its units do nothing. */
import { percent, short } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "../texts.js";

export function Layers() {
  const insight = useStore((s) => s.insight);
  const sizes = useStore((s) => /** @type {number[] | undefined} */ (s.training?.values.layers));
  const units = (sizes ?? [784, 64, 10]).slice(1);
  return html`<section class="layers card" aria-labelledby="layers-heading">
    <h2 id="layers-heading">${T.layers.heading}</h2>
    <div class="both">
    <div class="scroll" tabindex="0" role="group" aria-label=${T.layers.caption}>
      <table>
        <caption class="unseen">${T.layers.caption}</caption>
        <thead>
          <tr>
            <th scope="col">${T.layers.layer}</th>
            <th scope="col">${T.layers.gradient}</th>
            <th scope="col">${T.layers.dead}</th>
            <th scope="col">${T.layers.saturated}</th>
          </tr>
        </thead>
        <tbody>
          ${units.map((n, i) => row(n, i, i === units.length - 1, insight?.layers[i] ?? null))}
        </tbody>
      </table>
    </div>
    <dl class="terms">
      <div><dt>${T.layers.gradient}</dt><dd>${T.layers.gradientHelp}</dd></div>
      <div><dt>${T.layers.dead}</dt><dd>${T.layers.deadHelp}</dd></div>
      <div><dt>${T.layers.saturated}</dt><dd>${T.layers.saturatedHelp}</dd></div>
    </dl>
    </div>
  </section>`;
}

/**
 * @param {number} units
 * @param {number} index
 * @param {boolean} output
 * @param {import("../kit/types.js").Layer | null} layer
 */
function row(units, index, output, layer) {
  // From 1e-6 to 10, in powers of ten, along the bar.
  const gradient = layer?.gradient ? (Math.log10(layer.gradient) + 6) / 7 : 0;
  return html`<tr key=${index}>
    <th scope="row">${output ? T.layers.output : T.layers.hidden(index + 1)}<small>${T.layers.units(units)}</small></th>
    <td>${short(layer?.gradient)}<${Bar} part=${gradient} /></td>
    ${output
      ? html`<td class="none">–</td><td class="none">–</td>`
      : html`<td>${layer ? layer.dead : "–"}<${Bar} part=${layer ? layer.dead / units : 0} warn /></td>
          <td>${layer ? percent(layer.saturated, 0) : "–"}<${Bar} part=${layer?.saturated ?? 0} warn /></td>`}
  </tr>`;
}

/** @param {{ part: number, warn?: boolean }} props */
function Bar({ part, warn = false }) {
  const share = Math.max(0, Math.min(1, part));
  return html`<i class=${`meter ${warn ? "warn" : ""}`} aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></i>`;
}
