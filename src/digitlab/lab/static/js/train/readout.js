/** @file The numbers of the training under way, the largest of them readable from the back of a class, and its controls. */
import { count, duration, loss, percent, runTitle, sentence, short } from "../kit/format.js";
import { html, Spoken } from "../kit/lib.js";
import { useTestScore } from "../kit/score.js";
import { changesInWords } from "../kit/settings.js";
import { useParts } from "../kit/store.js";
import { T } from "./texts.js";
import { Controls } from "./controls.js";
import { newestStep } from "./newest.js";

export function Readout() {
  const { training, history, steps } = useParts("training", "history", "steps");
  if (!training) return null;
  const { phase, epoch } = training;
  const held = training.held_out > 0;
  const accuracy = history.accuracy.at(-1) ?? null;
  const step = newestStep(training, history, steps);
  const shown = step ? step.accuracy : held ? (history.validation_accuracy.at(-1) ?? null) : accuracy;
  const what = step ? T.readout.rightStep : held ? T.readout.rightValidation(training.held_out) : T.readout.rightTraining(training.samples);
  const figures = [
    [T.readout.epoch, count(epoch), T.readout.of(training.epochs)],
    [T.readout.step, count(training.step)],
    [T.readout.loss, loss(step ? step.loss : (held ? history.validation_loss : history.loss).at(-1))], // of the same digits
    [T.readout.speed, short(training.epochs_per_second), T.readout.speedUnit],
    [T.readout.time, duration(training.seconds)],
    ...(held ? [[T.readout.training, percent(accuracy), T.readout.withLoss(loss(history.loss.at(-1)))]] : []),
  ];
  return html`<section class="readout card" aria-labelledby="readout-heading">
    <div class="title">
      <h1 id="readout-heading">${runTitle(training.run)}</h1>
      <span class=${`phase ${phase}`}><i aria-hidden="true"></i>${T.phase[phase]}</span>
      <span class="network">${training.network}</span>
      ${training.parent && html`<span class="network">${T.readout.parent(runTitle(training.parent.run), training.parent.epoch)}</span>`}
    </div>
    <div class="numbers">
      <p class="big">
        <b>${shown === null ? html`<span class="none">–</span>` : html`${(shown * 100).toFixed(1)}<small> %</small>`}</b>
        <span>${what}</span>
      </p>
      <dl class="figures">
        ${figures.map(([name, value, unit]) => html`<div key=${name}><dt>${name}</dt><dd class=${name === T.readout.training ? "two" : ""}>${value} ${unit && html`<small>${unit}</small>`}</dd></div>`)}
        <${TestScore} key=${training.run} />
      </dl>
      <p class="note">${T.test.warning}</p>
    </div>
    <progress aria-label=${T.readout.progress} max=${training.epochs} value=${epoch}></progress>
    <${Controls} training=${training} />
    ${training.changes.length > 0 && html`<p class="changes">${changesInWords(training.changes.slice(-4))}</p>`}
    ${training.notes.map((note) => html`<p class="advice" key=${note}>${sentence(note)}</p>`)}
    ${training.error && html`<p class="failed"><strong>${training.error.what}</strong> ${training.error.help}</p>`}
    <${Spoken} text=${T.readout.now(T.phase[phase], percent(shown), epoch)} on=${phase} />
  </section>`;
}

/** Of the network under way, some seconds old; the other numbers may be newer. */
function TestScore() {
  const { score } = useTestScore("live");
  const epoch = score?.epoch ?? null;
  return html`<div>
    <dt>${T.readout.test}</dt>
    <dd class="two">${percent(score?.accuracy)} <small>${epoch === null ? "\u00a0" : T.readout.atEpoch(count(epoch))}</small></dd>
  </div>`;
}
