/** @file The numbers of the training under way, the largest of them readable from the back of a class, and its controls. */
import { count, duration, loss, percent, runTitle, sentence, short } from "../kit/format.js";
import { html, Spoken } from "../kit/lib.js";
import { changesInWords } from "../kit/settings.js";
import { useParts } from "../kit/store.js";
import { T } from "./texts.js";
import { Controls } from "./controls.js";

export function Readout() {
  const { training, history, steps } = useParts("training", "history", "steps");
  if (!training) return null;
  const { phase, epoch } = training;
  const held = training.held_out > 0;
  const accuracy = history.accuracy.at(-1) ?? null;
  // Before the first epoch is over, and where each step can be followed, the numbers are those of the newest step.
  const slow = phase === "paused" || training.steps_per_second !== null;
  const newest = steps.filter((one) => one.step === training.step && one.epoch > epoch).at(-1);
  const step = accuracy === null ? steps.at(-1) : slow ? newest : undefined;
  const shown = step ? step.accuracy : held ? (history.validation_accuracy.at(-1) ?? null) : accuracy;
  const what = step ? T.readout.rightStep : held ? T.readout.rightValidation(training.held_out) : T.readout.rightTraining(training.samples);
  const figures = [
    [T.readout.epoch, count(epoch), T.readout.of(training.epochs)],
    [T.readout.step, count(training.step)],
    [T.readout.loss, loss(step ? step.loss : history.loss.at(-1))],
    [T.readout.speed, short(training.epochs_per_second), T.readout.speedUnit],
    [T.readout.time, duration(training.seconds)],
    ...(held ? [[T.readout.training, percent(accuracy)]] : []),
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
        ${figures.map(([name, value, unit]) => html`<div key=${name}><dt>${name}</dt><dd>${value} ${unit && html`<small>${unit}</small>`}</dd></div>`)}
      </dl>
    </div>
    <progress aria-label=${T.readout.progress} max=${training.epochs} value=${epoch}></progress>
    <${Controls} training=${training} />
    ${training.changes.length > 0 && html`<p class="changes">${changesInWords(training.changes.slice(-4))}</p>`}
    ${training.notes.map((note) => html`<p class="advice" key=${note}>${sentence(note)}</p>`)}
    ${training.error && html`<p class="failed"><strong>${training.error.what}</strong> ${training.error.help}</p>`}
    <${Spoken} text=${T.readout.now(T.phase[phase], percent(shown), epoch)} on=${phase} />
  </section>`;
}
