/** @file Back to a snapshot of a run: what the network was like then, and on from there with other settings. */
import { linkTo } from "../kit/address.js";
import { loss, percent, runTitle } from "../kit/format.js";
import { html, onValue, Slider, useId, useState } from "../kit/lib.js";
import { differing, settingNamed, wrong } from "../kit/settings.js";
import { isUnderWay, set, useStore } from "../kit/store.js";
import { Weights } from "../kit/weights.js";
import { branch } from "../kit/wish.js";
import { useDetails } from "./details.js";
import { T } from "./texts.js";

/** @import { Run, RunDetails } from "../kit/types.js" */

const MOST = 64; // units shown

/** @param {{ run: Run, onClose: () => void }} props */
export function Rewind({ run, onClose }) {
  const details = useDetails(run.name);
  return html`<div class="rewind" role="group" aria-label=${T.rewind.heading(runTitle(run.name))}>
    ${details && details.snapshots.length > 0 && html`<${Snapshots} key=${details.epochs} run=${details} onClose=${onClose} />`}
    ${details?.snapshots.length === 0 && html`<p class="note">${T.rewind.none}</p>`}
  </div>`;
}

/** @param {{ run: RunDetails, onClose: () => void }} props */
function Snapshots({ run, onClose }) {
  const id = useId();
  const busy = useStore((s) => isUnderWay(s.training));
  const middle = Math.floor((run.snapshots.length - 1) / 2);
  const [place, setPlace] = useState(middle);
  const [rate, setRate] = useState(String(rateAt(run, run.snapshots[middle])));
  const [epochs, setEpochs] = useState(String(run.values.epochs));
  const epoch = run.snapshots[Math.min(place, run.snapshots.length - 1)];
  const at = epoch > 0 ? run.history.epoch.findIndex((one) => one >= epoch) : -1; // at 0 nothing was measured yet
  const move = (/** @type {number} */ to) => {
    if (rate === String(rateAt(run, epoch))) setRate(String(rateAt(run, run.snapshots[to])));
    setPlace(to);
  };
  const start = async () => {
    if (!(await branch(run.name, epoch, differing({ learning_rate: rate, epochs }, run.values)))) return;
    onClose();
    document.getElementById("main")?.scrollIntoView({ block: "start" });
  };
  return html`<label class="slide" for=${id}>
      <span>${T.rewind.epoch} <b>${epoch}</b></span>
      <${Slider} id=${id} most=${run.snapshots.length - 1} place=${place} says=${T.charts.epochAt(epoch)} onMove=${move} />
      <small>${at >= 0 ? T.rewind.was(percent(run.history.accuracy[at]), loss(run.history.loss[at])) : "\u00a0"}</small>
    </label>
    <${Weights}
      reader=${`run:${run.name}@${epoch}`}
      units=${Number(/** @type {number[]} */ (run.values.layers)[1])}
      most=${MOST}
      label=${T.rewind.then(epoch)}
    />
    <${Entry} name="learning_rate" title=${T.rewind.rate} mode="decimal" value=${rate} onChange=${setRate} />
    <${Entry} name="epochs" title=${T.rewind.epochs} mode="numeric" value=${epochs} onChange=${setEpochs} />
    <div class="do">
      <button class="primary" type="button" disabled=${busy} onClick=${start}>${T.rewind.branch}</button>
      <a class="button" href=${linkTo("read", { reader: `run:${run.name}@${epoch}` })}>${T.rewind.read}</a>
      <button type="button" onClick=${onClose}>${T.rewind.close}</button>
    </div>
    ${busy && html`<p class="note">${T.rewind.busy}</p>`}`;
}

/**
 * The learning rate that was in force at the end of an epoch, before its schedule.
 * @param {RunDetails} run
 * @param {number} epoch
 */
function rateAt(run, epoch) {
  const before = run.changes.filter((change) => change.name === "learning_rate" && change.epoch <= epoch);
  return before.at(-1)?.value ?? run.values.learning_rate;
}

/** @param {{ name: string, title: string, mode: string, value: string, onChange: (text: string) => void }} props */
function Entry({ name, title, mode, value, onChange }) {
  const id = useId();
  const setting = settingNamed(name);
  const mistake = setting && wrong(setting, value);
  const take = (/** @type {string} */ text) => {
    set({ trouble: null }); // what was refused is not asked for any more
    onChange(text);
  };
  return html`<label for=${id}><span>${title}</span>
    <input
      id=${id} type="text" inputmode=${mode} autocomplete="off" value=${value} onInput=${onValue(take)}
      aria-invalid=${mistake ? "true" : undefined} aria-describedby=${mistake ? `${id}-error` : undefined}
    />
    ${mistake && html`<span class="error" id=${`${id}-error`}>${T.mustBe(mistake)}</span>`}
  </label>`;
}
