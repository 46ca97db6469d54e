/** @file Where the number that is pointed at comes from. */
import { short } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { Bars } from "./bars.js";
import { T } from "./texts.js";

/** @param {{ id: string, numbers: import("./numbers.js").Numbers, lit: import("./step.js").Lit }} props */
export function How({ id, numbers, lit }) {
  const quantity = numbers.step.quantities.find((one) => one.name === lit.name) ?? numbers.step.quantities[0];
  const { formula, rows, says } = numbers.origin(quantity, lit);
  const title = numbers.title(lit.layer, lit.place);
  return html`<section class="how" aria-labelledby=${id} aria-live="polite">
    <h3 id=${id}>${T.step.how}</h3>
    <p><b>${quantity.name}</b> of ${title}</p>
    <p><code>${formula || "\u00a0"}</code></p>
    ${rows.length > 0 ? html`<${Bars} rows=${rows} />` : html`<p class="says">${says ?? short(numbers.values(quantity, lit)[lit.place])}</p>`}
  </section>`;
}
