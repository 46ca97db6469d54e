/** @file What is left of the accuracy where pictures are spoiled, turned or attacked. It is measured when somebody asks for it. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { post, Refused } from "../kit/api.js";
import { percent } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { Plot } from "../kit/plot.js";
import { Refusal } from "./refusal.js";
import { T } from "./texts.js";
import { decimals } from "./verdict.js";

/** @import { Judgement, Measurement, Robust as Result, Spoiled, Trouble } from "../kit/types.js" */

const LOOK_EVERY = 500; // milliseconds, while it is measured

/** @param {{ judgement: Judgement | null }} props */
export function Robust({ judgement }) {
  const [looks, setLooks] = useState(0);
  const [refused, setRefused] = useState(/** @type {Trouble | null} */ (null));
  const { reader, version } = judgement ?? {};
  const query = asQuery({ reader, version });
  const { answer, trouble } = useAnswer(judgement && `judge/robustness?${query}`, looks);
  const found = /** @type {Measurement | null} */ (answer);
  const state = found?.reader === reader && found?.version === version ? found?.state : undefined;
  const under_way = state === "measuring" || state === "waiting";
  useEffect(() => {
    const later = setTimeout(() => under_way && setLooks(looks + 1), LOOK_EVERY);
    return () => clearTimeout(later);
  }, [under_way, looks]);
  useEffect(() => setRefused(null), [query]);
  const measure = async () => {
    try {
      await post(`judge/measure?${query}`, {});
      setRefused(null);
    } catch (error) {
      setRefused(error instanceof Refused ? error.trouble : T.silent);
    }
    setLooks(looks + 1);
  };
  const wrong = refused ?? trouble ?? (state === "failed" ? found?.trouble : null);
  return html`<section class=${`robust card ${under_way || state === "done" ? "begun" : ""}`} aria-labelledby="robust-heading">
    <h2 id="robust-heading">${T.robust.heading}</h2>
    <p class="note">${T.robust.help}</p>
    ${wrong && html`<${Refusal} trouble=${wrong} />`}
    ${state !== "done" &&
    html`<div class="measure">
      <button class="primary" type="button" disabled=${!state || under_way} onClick=${measure}>${T.robust.measure}</button>
      ${under_way && html`<progress max="1" value=${found?.progress} aria-label=${T.robust.progress}></progress>`}
      <p class="note" role="status">${state === "waiting" ? T.robust.waits : under_way ? T.robust.measuring : T.robust.takes}</p>
    </div>`}
    ${state === "done" && found?.result && html`<${Measured} result=${found.result} />`}
  </section>`;
}

/** @param {{ result: Result }} props */
function Measured({ result }) {
  const { clean, mean_accuracy: mean, count, corruptions, picture } = result;
  const share = (/** @type {number} */ part) => percent(part, Math.min(1, decimals(count)));
  return html`<p class="told-line" role="status">${T.robust.sentence(share(clean), share(mean))}</p>
    <ul class="corruptions" aria-label=${T.robust.corruptions}>
      <li><${Picture} pixels=${picture} /><b>${T.robust.clean}</b><${Share} share=${clean} says=${share(clean)} /><small></small></li>
      ${corruptions.map((/** @type {Spoiled} */ one) => {
        const [low, high] = one.interval.map(share);
        return html`<li key=${one.name} title=${T.judge.range(low, high)}>
          <${Picture} pixels=${one.pixels} />
          <b>${one.name.replaceAll("_", " ")}${one.approximated && html`<span aria-hidden="true"> *</span>`}</b>
          <${Share} share=${one.accuracy} says=${share(one.accuracy)} />
          <small>${one.about}<span class="unseen">; ${T.robust.interval(low, high)}${one.approximated && `; ${T.robust.approximated(one.approximated)}`}</span></small>
        </li>`;
      })}
    </ul>
    <p class="note">${T.robust.source} ${corruptions.some(({ approximated }) => approximated) && html`* ${corruptions.flatMap(({ name, approximated }) => (approximated ? [`${name.replaceAll("_", " ")}: ${approximated}`] : [])).join("; ")}.`}</p>
    <div class="thirds">
      <${Curve} title=${T.robust.noise} look=${T.robust.noiseLook} unit=${T.robust.noiseUnit} curves=${[["", result.noise]]} />
      <${Curve} title=${T.robust.rotation} look=${T.robust.rotationLook} unit=${T.robust.rotationUnit} curves=${[["", result.rotation]]} format=${degrees} />
      <${Curve} title=${T.robust.attacks} look=${T.robust.attacksLook} unit=${T.robust.attacksUnit} curves=${[[T.robust.fgsm, result.fgsm], [T.robust.pgd, result.pgd]]} />
    </div>`;
}

/** @param {{ share: number, says: string }} props */
const Share = ({ share, says }) => html`<span class="share"><i class="meter" aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></i>${says}</span>`;

const degrees = (/** @type {number} */ value) => `${value.toFixed(0).replace("-", "−")}°`;
const plain = (/** @type {number} */ value) => String(Number(value.toFixed(3)));

/** @param {{ title: string, look: string, unit: string, curves: [string, import("../kit/types.js").Curve][], format?: (value: number) => string }} props */
function Curve({ title, look, unit, curves, format = plain }) {
  const x = curves[0][1].x;
  return html`<${Plot}
    title=${title}
    look=${look}
    lines=${curves.map(([label, curve], i) => ({ id: String(i), label, token: i ? "--second" : "--accent", dash: i ? [7, 4] : [], x: curve.x, y: curve.accuracy, points: true }))}
    x=${{ label: unit, low: Math.min(...x), high: Math.max(...x), format }}
    y=${{ label: T.robust.right, low: 0, high: 1, format: (/** @type {number} */ share) => percent(share, 0) }}
  />`;
}
