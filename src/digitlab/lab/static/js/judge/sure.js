/** @file Whether it is right as often as it says, and how much of what it is sure of is right. */
import { count, percent } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { Plot } from "../kit/plot.js";
import { T } from "./texts.js";

/** @import { Judgement } from "../kit/types.js" */

const whole = (/** @type {number} */ share) => percent(share, 0);
const fine = (/** @type {number} */ share) => percent(share, 2);

/** @param {{ judgement: Judgement | null }} props */
export function Sure({ judgement }) {
  return html`<section class="sure-of card" aria-labelledby="sure-heading">
    <h2 id="sure-heading">${T.sure.heading}</h2>
    <div class="pair">${judgement && html`<${Reliability} judgement=${judgement} /><${Coverage} judgement=${judgement} />`}</div>
  </section>`;
}

/** @param {{ judgement: Judgement }} props */
function Reliability({ judgement: { reliability, calibration_error: error, calibration_error_interval: [low, high] } }) {
  const points = (/** @type {number} */ share) => (100 * share).toFixed(1);
  const axis = { low: 0, high: 1, format: whole };
  return html`<div>
    <${Plot}
      title=${T.sure.reliability}
      look=${T.sure.reliabilityLook}
      lines=${[
        { id: "ideal", label: "", token: "--faint", dash: [5, 4], x: [0, 1], y: [0, 1], guide: true },
        {
          id: "bins",
          label: T.sure.right,
          token: "--accent",
          x: reliability.map(({ confidence }) => confidence),
          y: reliability.map(({ accuracy }) => accuracy),
          spread: reliability.map(({ interval }) => interval),
          points: true,
        },
      ]}
      x=${{ ...axis, label: T.sure.says }}
      y=${{ ...axis, label: T.sure.right }}
      more=${{ label: T.sure.pictures, values: reliability.map((bin) => count(bin.count)) }}
    />
    <p class="told-line">${T.sure.error(points(error), points(low), points(high))}</p>
  </div>`;
}

/** @param {{ judgement: Judgement }} props */
function Coverage({ judgement: { coverage, sure } }) {
  const low = Math.floor(50 * Math.min(...coverage.accuracy, 0.98)) / 50;
  return html`<div>
    <${Plot}
      title=${T.sure.coverage}
      look=${T.sure.coverageLook}
      lines=${[{ id: "coverage", label: T.sure.right, token: "--accent", x: coverage.share, y: coverage.accuracy }]}
      x=${{ low: 0, high: 1, format: whole, label: T.sure.answered }}
      y=${{ low, high: 1, format: (/** @type {number} */ share) => percent(share, low < 0.9 ? 0 : 1), label: T.sure.rightOfThem }}
      more=${{ label: T.sure.atLeast, values: coverage.threshold.map(fine) }}
    />
    <p class="told-line">
      ${sure.accuracy === null || sure.interval === null
        ? T.sure.never(whole(sure.threshold))
        : T.sure.when(whole(sure.threshold), count(sure.count), percent(sure.share), fine(sure.accuracy), fine(sure.interval[0]), fine(sure.interval[1]))}
    </p>
  </div>`;
}
