/** @file Whether another network is better: the same pictures, a paired test, who reads what, and both curves. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { count, percent, sentence, unbroken } from "../kit/format.js";
import { html, useRef, useWanted } from "../kit/lib.js";
import { Plot } from "../kit/plot.js";
import { EpochChoice, ReaderChoice } from "../kit/readers.js";
import { useParts, useStore } from "../kit/store.js";
import { Refusal } from "./refusal.js";
import { T } from "./texts.js";
import { Tile } from "./tile.js";
import { decimals } from "./verdict.js";

/** @import { Compared, Judgement, RunDetails, Sided } from "../kit/types.js" */

const LOOKS = [
  { token: "--accent", dash: [] },
  { token: "--second", dash: [7, 4] },
];

/** @param {{ judgement: Judgement | null }} props */
export function Compare({ judgement }) {
  const section = useRef(null);
  const wanted = useWanted(section);
  const { address } = useParts("address");
  const { reader, version } = judgement ?? {};
  const other = address.with || null;
  const { answer, trouble, busy } = useAnswer(judgement && other && wanted ? `judge/compare?${asQuery({ reader, version, other })}` : null);
  const compared = other && !trouble ? /** @type {Compared | null} */ (answer) : null;
  return html`<section class="compare card" ref=${section} aria-labelledby="compare-heading" aria-busy=${String(busy)}>
    <div class="head">
      <h2 id="compare-heading">${T.compare.heading}</h2>
      <${ReaderChoice} reader=${other} name="with" label=${T.compare.with} none=${T.compare.nobody} />
      <${EpochChoice} reader=${other} name="with" of=${T.compare.other} />
    </div>
    ${!(other && (compared || trouble)) && html`<p class="note">${other ? T.loading : T.compare.help}</p>`} ${other && trouble && html`<${Refusal} trouble=${trouble} />`}
    ${compared && html`<${Outcome} found=${compared} /><${Curves} found=${compared} /><${Changed} found=${compared} />`}
  </section>`;
}

/** @param {{ found: Compared }} props */
function Outcome({ found }) {
  const { titles, p, level, difference, seeds } = found;
  const share = (/** @type {number} */ part) => percent(part, decimals(found.count));
  return html`<div class="outcome">
    <div role="status">
      <p class="says">${unbroken(sentence(found.sentence))}.</p>
      ${seeds.map((one) => html`<p key=${one}>${unbroken(sentence(one))}.</p>`)}
      ${difference !== 0 && html`<p class="note">${(p < level ? T.compare.counts : T.compare.chance)(inWords(p))}</p>`}
      <${Difference} found=${found} />
    </div>
    <dl class="who">
      ${[
        [T.compare.accuracy(titles[0]), share(found.accuracy[0])],
        [T.compare.accuracy(titles[1]), share(found.accuracy[1])],
        [T.compare.both, count(found.both)],
        [T.compare.only(titles[0]), count(found.only_reader)],
        [T.compare.only(titles[1]), count(found.only_other)],
        [T.compare.neither, count(found.neither)],
      ].map(([what, value]) => html`<div key=${what}><dt>${what}</dt><dd>${value}</dd></div>`)}
    </dl>
  </div>`;
}

/** A probability: small ones are said to be small. @param {number} p */
const inWords = (p) => (p < 0.0001 ? "< 0.0001" : `= ${p.toPrecision(2)}`);

/** The difference with its interval, beside the place of no difference. @param {{ found: Compared }} props */
function Difference({ found: { difference, interval: [low, high], titles } }) {
  const most = 1.15 * Math.max(Math.abs(low), Math.abs(high), 1e-6);
  const place = (/** @type {number} */ value) => `${50 + (50 * value) / most}%`;
  return html`<div class="difference" aria-hidden="true">
    <p><span>${T.compare.better(titles[0])}</span><span>${T.compare.better(titles[1])}</span></p>
    <div class="range"><i style=${{ left: place(low), right: `calc(100% - ${place(high)})` }}></i><b style=${{ left: place(difference) }}></b></div>
  </div>`;
}

/** The run of a reader. @param {string} id  @param {string | null} live  that of the training under way */
const runIn = (id, live) => (id === "live" ? live : id.startsWith("run:") ? id.slice(4).replace(/@\d+$/, "") : null);

/** Of two runs, what they reached after each epoch. @param {{ found: Compared }} props */
function Curves({ found: { reader, other, titles } }) {
  const live = useStore((s) => s.training?.run ?? null);
  const names = [reader, other].map((id) => runIn(id, live));
  const [a, b] = names.map((name) => /** @type {RunDetails | null} */ (useAnswer(name && `runs/${encodeURIComponent(name)}`).answer));
  if (!names[0] || !names[1] || names[0] === names[1]) return null;
  if (!a || !b) return html`<div class="curves-of"></div>`;
  const held = [a, b].every((run) => run.history.validation_accuracy.every((one) => one !== null));
  const lines = [a, b].map(({ name, history }, i) => ({
    id: name,
    label: titles[i].replace(/@\d+$/, ""),
    ...LOOKS[i],
    x: history.epoch,
    y: /** @type {number[]} */ (held ? history.validation_accuracy : history.accuracy),
  }));
  const low = Math.floor(10 * Math.min(...lines.flatMap(({ y }) => y))) / 10;
  return html`<div class="curves-of">
    <${Plot}
      title=${T.compare.curves}
      look=${held ? T.compare.curvesHeld : T.compare.curvesTraining}
      lines=${lines}
      x=${{ label: T.compare.epoch, low: 0, high: Math.max(...lines.flatMap(({ x }) => x)), format: count }}
      y=${{ label: T.compare.right, low, high: 1, format: (/** @type {number} */ share) => percent(share, low < 0.9 ? 0 : 1) }}
    />
  </div>`;
}

/** The pictures that only one of them reads rightly. @param {{ found: Compared }} props */
function Changed({ found }) {
  const { titles, names, lost, gained, reader, other, only_reader: onlyReader, only_other: onlyOther } = found;
  const side = (/** @type {string} */ heading, /** @type {Sided[]} */ pictures, /** @type {number} */ all, /** @type {string} */ whose, /** @type {0 | 1} */ wrong) => html`<div>
    <h3>${heading}</h3>
    ${all === 0 && html`<p class="note">${T.compare.none}</p>`}
    <ul class="tiles" aria-label=${heading}>
      ${pictures.map(({ answers, ...one }) => html`<${Tile} key=${one.index} picture=${{ ...one, predicted: answers[wrong] }} names=${names} reader=${whose} />`)}
    </ul>
    ${all > pictures.length && html`<p class="note">${T.confusion.some(pictures.length, all)}</p>`}
  </div>`;
  return html`<div class="sides-of">
    ${side(T.compare.pictures(titles[0], onlyReader), lost, onlyReader, other, 1)} ${side(T.compare.pictures(titles[1], onlyOther), gained, onlyOther, reader, 0)}
  </div>`;
}
