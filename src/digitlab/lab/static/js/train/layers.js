/** @file For each layer: how large its gradient is, how far a step moves it, and how many of its units do nothing. */
import { percent, short } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "./texts.js";

const COLUMNS = [
  [T.layers.gradient, T.layers.gradientHelp],
  [T.layers.ratio, T.layers.ratioHelp],
  [T.layers.dead, T.layers.deadHelp],
  [T.layers.saturated, T.layers.saturatedHelp],
];

export function Layers() {
  const insight = useStore((s) => s.insight);
  const sizes = useStore((s) => /** @type {number[]} */ (s.training?.values.layers));
  return html`<section class="layers card" aria-labelledby="layers-heading">
    <h2 id="layers-heading">${T.layers.heading}</h2>
    <div class="both">
      <div class="scroll" tabindex="0" role="group" aria-label=${T.layers.caption}>
        <table>
          <caption class="unseen">${T.layers.caption}</caption>
          <thead>
            <tr>${[T.layers.layer, ...COLUMNS.map(([name]) => name)].map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr>
          </thead>
          <tbody>
            ${sizes.slice(1).map((units, i) => row(units, i, i === sizes.length - 2, insight?.layers[i] ?? null))}
          </tbody>
        </table>
      </div>
      <dl class="terms">${COLUMNS.map(([name, says]) => html`<div key=${name}><dt>${name}</dt><dd>${says}</dd></div>`)}</dl>
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
  const ratio = layer?.ratio ? (Math.log10(layer.ratio) + 6) / 6 : 0; // from 1e-6 to 1
  return html`<tr key=${index}>
    <th scope="row">${output ? T.layers.output : T.layers.hidden(index + 1)}<small>${T.layers.units(units)}</small></th>
    <td>${short(layer?.gradient)}<${Bar} part=${gradient} /></td>
    <td>${typeof layer?.ratio === "number" ? `${short(100 * layer.ratio)}\u00a0%` : "–"}<${Bar} part=${ratio} /></td>
    ${output
      ? html`<td class="none">–</td><td class="none">–</td>`
      : html`<td>${layer?.dead ?? "–"}<${Bar} part=${(layer?.dead ?? 0) / units} warn /></td>
          <td>${percent(layer?.saturated, 0)}<${Bar} part=${layer?.saturated ?? 0} warn /></td>`}
  </tr>`;
}

/** @param {{ part: number, warn?: boolean }} props */
function Bar({ part, warn = false }) {
  const share = Math.max(0, Math.min(1, part));
  return html`<i class=${`meter ${warn ? "warn" : ""}`} aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></i>`;
}
