/** @file Loss and accuracy while it trains, with the curves of earlier runs laid over them. */
import { loss, percent, runTitle } from "../kit/format.js";
import { html, useMemo, useState } from "../kit/lib.js";
import { useParts } from "../kit/store.js";
import { T } from "./texts.js";
import { Chart } from "./chart.js";
import { newestStep } from "./newest.js";

/** @import { History, Step } from "../kit/types.js" */
/** @import { Curve } from "./chart.js" */

/**
 * @typedef {Omit<Curve, "y"> & { loss: (number | null)[], accuracy: (number | null)[] }} Line  what both charts show, shares as shares
 * @typedef {{ token: string, dash: number[] }} Look
 */

/** Colour and dashes of each curve that is laid over: no two with both the same. @type {Look[]} */
export const LOOKS = [
  { token: "--curve-1", dash: [7, 4] },
  { token: "--curve-2", dash: [2, 3] },
  { token: "--curve-3", dash: [10, 3, 2, 3] },
  { token: "--curve-4", dash: [4, 4] },
  { token: "--curve-5", dash: [12, 4] },
  { token: "--curve-6", dash: [6, 2, 2, 2, 2, 2] },
];

export function Curves() {
  const { training, history, steps, laid } = useParts("training", "history", "steps", "laid");
  const [axis, setAxis] = useState(/** @type {"epoch" | "time"} */ ("epoch"));
  const [log, setLog] = useState(false);
  const [losses, accuracies] = useMemo(() => {
    const others = Object.values(laid).filter((run) => run.name !== training?.run);
    const lines = [
      ...(axis === "epoch" ? single(steps, newestStep(training, history, steps)) : []),
      ...others.flatMap((run, i) => linesOf(run.history, axis, run.name, runTitle(run.name), LOOKS[i % LOOKS.length], false)),
      ...linesOf(history, axis, "now", T.charts.training, { token: "--accent", dash: [] }, true),
    ];
    const in100 = (/** @type {number | null} */ y) => (y === null ? null : y * 100);
    return [lines.map((line) => ({ ...line, y: line.loss })), lines.map((line) => ({ ...line, y: line.accuracy.map(in100) }))];
  }, [training, history, steps, laid, axis]);
  const shared = { axis, epoch: history.epoch.at(-1) };
  return html`<section class="curves card" aria-labelledby="curves-heading">
    <div class="head">
      <h2 id="curves-heading">${T.charts.heading}</h2>
      <${Legend} curves=${losses} />
      <fieldset class="switch">
        <legend class="unseen">${T.charts.axis}</legend>
        ${/** @type {const} */ (["epoch", "time"]).map(
          (one) => html`<label key=${one}>
            <input type="radio" name="axis" checked=${axis === one} onChange=${() => setAxis(one)} />
            <span>${one === "epoch" ? T.charts.byEpoch : T.charts.byTime}</span>
          </label>`,
        )}
      </fieldset>
      <label class="tick"><input type="checkbox" checked=${log} onChange=${() => setLog(!log)} /><span>${T.charts.log}</span></label>
    </div>
    <div class="pair">
      <${Chart} ...${shared} title=${T.charts.loss} unit=${T.charts.lossUnit} curves=${losses} log=${log} format=${loss} best=${Math.min} />
      <${Chart} ...${shared} title=${T.charts.accuracy} unit=${T.charts.accuracyUnit} curves=${accuracies} most=${100} format=${of100} best=${Math.max} />
    </div>
  </section>`;
}

/**
 * @param {History} history
 * @param {"epoch" | "time"} axis
 * @param {string} id
 * @param {string} label
 * @param {Look} look
 * @param {boolean} now
 * @returns {Line[]}
 */
function linesOf(history, axis, id, label, look, now) {
  const x = axis === "epoch" ? history.epoch : history.seconds;
  const training = { ...look, id, label, width: now ? 2.25 : 1.5, x, loss: history.loss, accuracy: history.accuracy };
  if (history.validation_loss.every((y) => y === null)) return [training];
  const held = {
    id: `${id} held`,
    label: now ? T.charts.validation : `${label}, ${T.charts.validation}`,
    token: now ? "--second" : look.token,
    dash: [3, 3],
    width: now ? 2 : 1,
  };
  return [training, { ...held, x, loss: history.validation_loss, accuracy: history.validation_accuracy }];
}

/**
 * The newest steps, one by one, where an epoch has more than one. Where they do not follow each other there is but one,
 * which is shown as long as the readout tells of it.
 * @param {Step[]} steps
 * @param {Step} [newest]
 * @returns {Line[]}
 */
function single(steps, newest) {
  const shown = steps.length > 1 ? steps : steps.filter((one) => one === newest);
  if (shown.every(({ place }) => Number.isInteger(place))) return [];
  const values = { x: shown.map((one) => one.place), loss: shown.map((one) => one.loss), accuracy: shown.map((one) => one.accuracy) };
  return [{ id: "steps", label: T.charts.steps, token: "--faint", dash: [], width: 1, ...values }];
}

/** @param {number} y  in percent */
const of100 = (y) => percent(y / 100);

/** @param {{ curves: Curve[] }} props */
function Legend({ curves }) {
  const steps = curves.filter(({ id }) => id === "steps");
  const shown = [...curves.slice(steps.length), ...steps].filter(({ x }) => x.length);
  return html`<ul class="legend" aria-label=${T.charts.legend}>
    ${shown.map((curve) => html`<li key=${curve.id}><${Sample} ...${curve} />${curve.label}</li>`)}
  </ul>`;
}

/** A short piece of a curve. @param {Look & { width?: number }} props */
export function Sample({ token, dash, width = 2 }) {
  return html`<svg width="26" height="8" aria-hidden="true">
    <line x1="1" y1="4" x2="25" y2="4" stroke=${`var(${token})`} stroke-width=${width} stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}
