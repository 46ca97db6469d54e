/** @file The numerical check: a weight is made a little larger and smaller, and the loss computed both times. */
import { post } from "../kit/api.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { attempt } from "../kit/wish.js";
import { T } from "./texts.js";

/** @import { Checks } from "../kit/types.js" */

/** @param {{ numbers: import("./numbers.js").Numbers, lit: import("./step.js").Lit, choice: import("./choice.js").Choice, body: object }} props */
export function Check({ numbers, lit, choice, body }) {
  const [found, setFound] = useState(/** @type {Checks | null} */ (null));
  useEffect(() => setFound(null), [numbers]);
  const check = async () => {
    const answer = await attempt(() => post(`inside/check?reader=${encodeURIComponent(choice.id ?? "")}`, { ...body, parameters: parametersOf(numbers, lit) }));
    if (answer) setFound(answer);
  };
  return html`<section class="check">
    <button class="small" type="button" onClick=${check}>${T.step.check}</button>
    <p class="note">${T.step.checkAbout}</p>
    ${found &&
    html`<table>
      <thead><tr>${T.step.checkColumns.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
      <tbody>
        ${found.checks.map(
          (one) => html`<tr key=${one.name + one.index}>
            <th scope="row">${one.name}[${one.index.join(",")}]</th>
            <td>${one.derivative.toPrecision(7)}</td>
            <td>${one.numerical.toPrecision(7)} <span class=${one.agrees ? "right" : "wrong"}>${one.agrees ? "✓" : "✗"}<span class="unseen"> ${one.agrees ? T.step.agrees : T.step.differs}</span></span></td>
          </tr>`,
        )}
      </tbody>
    </table>`}
  </section>`;
}

/** Of each layer a weight and a bias, those that are shown. @param {import("./numbers.js").Numbers} numbers  @param {import("./step.js").Lit} lit */
function parametersOf(numbers, lit) {
  return numbers.step.layers.slice(-6).flatMap((here, i) => {
    const layer = numbers.last - Math.min(6, numbers.last) + i + 1;
    const from = numbers.source(layer, lit);
    const to = here.shown[lit.layer === layer ? lit.place : strongestDelta(here.delta)];
    return [
      [`W${layer}`, [layer === 1 ? from : numbers.layer(layer - 1).shown[from], to]],
      [`b${layer}`, [to]],
    ];
  });
}

/** @param {number[]} delta */
const strongestDelta = (delta) => delta.reduce((best, one, place) => (Math.abs(one) > Math.abs(delta[best]) ? place : best), 0);
