/** @file The numbers of the training under way, the largest of them readable from the back of a class, and its controls. */
import { count, duration, loss, percent, runTitle, short } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { asText } from "../kit/address.js";
import { T } from "../texts.js";
import { Controls } from "./controls.js";

export function Readout() {
  const training = useStore((s) => s.training);
  const history = useStore((s) => s.history);
  const step = useStore((s) => s.steps.at(-1) ?? null);
  if (!training) return null;
  const held = training.held_out > 0;
  const accuracy = history.accuracy.at(-1) ?? null;
  const early = accuracy === null && step !== null; // before the first epoch is over: the newest step
  const shown = early ? step.accuracy : held ? (history.validation_accuracy.at(-1) ?? null) : accuracy;
  const what = early ? T.readout.rightStep : held ? T.readout.rightValidation(training.held_out) : T.readout.rightTraining(training.samples);
  const newest = step !== null && step.step === training.step && step.epoch > training.epoch; // newer than any epoch
  return html`<section class="readout card" aria-labelledby="readout-heading">
    <div class="title">
      <h1 id="readout-heading">${runTitle(training.run)}</h1>
      <span class=${`phase ${training.phase}`}><i aria-hidden="true"></i>${T.phase[training.phase]}</span>
      <span class="network">${training.network}</span>
      ${training.parent && html`<span class="network">${T.readout.parent(runTitle(training.parent.run), training.parent.epoch)}</span>`}
    </div>
    <div class="numbers">
      <p class="big">
        <b>${shown === null ? html`<span class="none">–</span>` : html`${(shown * 100).toFixed(1)}<small> %</small>`}</b>
        <span>${what}</span>
      </p>
      <dl class="figures">
        <div><dt>${T.readout.epoch}</dt><dd>${count(training.epoch)} <small>${T.readout.of(training.epochs)}</small></dd></div>
        <div><dt>${T.readout.step}</dt><dd>${count(training.step)}</dd></div>
        <div><dt>${T.readout.loss}</dt><dd>${loss((newest || early) && step ? step.loss : history.loss.at(-1))}</dd></div>
        <div><dt>${T.readout.speed}</dt><dd>${short(training.epochs_per_second)} <small>${T.readout.speedUnit}</small></dd></div>
        <div><dt>${T.readout.time}</dt><dd>${duration(training.seconds)}</dd></div>
        ${held && html`<div><dt>${T.readout.training}</dt><dd>${percent(accuracy)}</dd></div>`}
      </dl>
    </div>
    <progress aria-label=${T.readout.progress} max=${training.epochs} value=${training.epoch}></progress>
    <${Controls} training=${training} />
    ${training.changes.length > 0 &&
    html`<p class="changes">
      ${training.changes
        .slice(-4)
        .map(({ name, value, epoch }) => T.readout.changed(T.settings.names[name] ?? name, asText(value), epoch))
        .join(" · ")}
    </p>`}
    ${training.error &&
    html`<p class="failed"><strong>${training.error.what}</strong> ${training.error.help}</p>`}
    <${Spoken} phase=${training.phase} accuracy=${percent(shown)} epoch=${training.epoch} />
  </section>`;
}

/** For a screen reader: when the phase changes, and not more often. @param {{ phase: import("../kit/types.js").Phase, accuracy: string, epoch: number }} props */
function Spoken({ phase, accuracy, epoch }) {
  const [text, setText] = useState("");
  useEffect(() => setText(T.readout.now(T.phase[phase], accuracy, epoch)), [phase]);
  return html`<p class="unseen" role="status">${text}</p>`;
}
