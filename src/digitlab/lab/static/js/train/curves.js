/** @file Loss and accuracy while it trains, with the curves of earlier runs laid over them. */
import { loss, percent, runTitle } from "../kit/format.js";
import { html, useMemo, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "../texts.js";
import { Chart } from "./chart.js";

/** Colour and dashes of each curve that is laid over: no two with both the same. */
export const LOOKS = [
  { token: "--curve-1", dash: [7, 4] },
  { token: "--curve-2", dash: [2, 3] },
  { token: "--curve-3", dash: [10, 3, 2, 3] },
  { token: "--curve-4", dash: [4, 4] },
  { token: "--curve-5", dash: [12, 4] },
  { token: "--curve-6", dash: [6, 2, 2, 2, 2, 2] },
];

/** @typedef {import("./chart.js").Curve} Curve */

export function Curves() {
  const training = useStore((s) => s.training);
  const history = useStore((s) => s.history);
  const steps = useStore((s) => s.steps);
  const laid = useStore((s) => s.laid);
  const [axis, setAxis] = useState(/** @type {"epoch" | "time"} */ ("epoch"));
  const [log, setLog] = useState(false);
  const curves = useMemo(() => {
    const key = axis === "epoch" ? "epoch" : "seconds";
    /** @type {{ loss: Curve[], accuracy: Curve[] }} */
    const found = { loss: [], accuracy: [] };
    const others = Object.values(laid).filter((run) => run.name !== training?.run);
    others.forEach((run, i) => add(found, run.history, key, run.name, runTitle(run.name), LOOKS[i % LOOKS.length], false));
    add(found, history, key, "now", T.charts.training, { token: "--accent", dash: [] }, true);
    const each = stepsPerEpoch(training);
    if (axis === "epoch" && steps.length > 1 && each > 1) {
      const x = steps.map((one) => one.step / each);
      const look = { label: T.charts.steps, token: "--faint", dash: [], width: 1, x };
      found.loss.unshift({ ...look, id: "steps", y: steps.map((one) => one.loss) });
      found.accuracy.unshift({ ...look, id: "steps", y: steps.map((one) => one.accuracy * 100) });
    }
    return found;
  }, [history, steps, laid, axis, training?.run]);
  const shared = { axis, epochs: training?.epochs ?? 1 };
  return html`<section class="curves card" aria-labelledby="curves-heading">
    <div class="head">
      <h2 id="curves-heading">${T.charts.heading}</h2>
      <${Legend} curves=${curves.loss} />
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
      <${Chart}
        ...${shared}
        title=${T.charts.loss}
        unit=${T.charts.lossUnit}
        curves=${curves.loss}
        log=${log}
        format=${loss}
        summary=${summary(T.charts.loss, history.epoch, history.loss, loss, Math.min)}
      />
      <${Chart}
        ...${shared}
        title=${T.charts.accuracy}
        unit=${T.charts.accuracyUnit}
        curves=${curves.accuracy}
        log=${false}
        format=${(/** @type {number} */ y) => percent(y / 100)}
        summary=${summary(T.charts.accuracy, history.epoch, history.accuracy, percent, Math.max)}
      />
    </div>
  </section>`;
}

/**
 * @param {{ loss: Curve[], accuracy: Curve[] }} found
 * @param {import("../kit/types.js").History} history
 * @param {"epoch" | "seconds"} key
 * @param {string} id
 * @param {string} label
 * @param {{ token: string, dash: number[] }} look
 * @param {boolean} now
 */
function add(found, history, key, id, label, look, now) {
  const x = history[key];
  const width = now ? 2.25 : 1.5;
  const in100 = (/** @type {number | null} */ y) => (y === null ? null : y * 100);
  found.loss.push({ ...look, id, label, width, x, y: history.loss });
  found.accuracy.push({ ...look, id, label, width, x, y: history.accuracy.map(in100) });
  if (!history.validation_loss.some((y) => y !== null)) return;
  const held = { id: `${id} held`, label: now ? T.charts.validation : `${label}, ${T.charts.validation}`, dash: [3, 3] };
  const token = now ? "--second" : look.token;
  found.loss.push({ ...held, token, width: now ? 2 : 1, x, y: history.validation_loss });
  found.accuracy.push({ ...held, token, width: now ? 2 : 1, x, y: history.validation_accuracy.map(in100) });
}

/** @param {import("../kit/types.js").Training | null} training */
function stepsPerEpoch(training) {
  const batch = Number(training?.values.batch_size ?? 0);
  return training && batch ? Math.ceil(training.samples / batch) : 1;
}

/**
 * @param {string} what
 * @param {number[]} epochs
 * @param {number[]} values
 * @param {(value: number) => string} format
 * @param {(...values: number[]) => number} best
 */
function summary(what, epochs, values, format, best) {
  const last = epochs.at(-1);
  if (last === undefined) return `${what}. ${T.charts.empty}`;
  const finite = values.filter(Number.isFinite);
  return T.charts.summary(what, last, format(values[0]), format(values[values.length - 1]), format(finite.reduce((a, b) => best(a, b))));
}

/** @param {{ curves: Curve[] }} props */
function Legend({ curves }) {
  return html`<ul class="legend" aria-label=${T.charts.legend}>
    ${[...curves.filter(({ id }) => id !== "steps"), ...curves.filter(({ id }) => id === "steps")].map(
      ({ id, label, token, dash, width }) => html`<li key=${id}>
        <svg width="26" height="8" aria-hidden="true">
          <line x1="1" y1="4" x2="25" y2="4" stroke=${`var(${token})`} stroke-width=${width} stroke-dasharray=${dash.join(" ")} />
        </svg>
        ${label}
      </li>`,
    )}
  </ul>`;
}
