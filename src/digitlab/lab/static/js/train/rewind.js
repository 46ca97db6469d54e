/** @file Back to a snapshot of a run, and on from there with other settings. */
import { get } from "../kit/api.js";
import { loss, percent, runTitle } from "../kit/format.js";
import { html, useEffect, useId, useState } from "../kit/lib.js";
import { isUnderWay, useStore } from "../kit/store.js";
import { attempt, branch } from "../kit/wish.js";
import { T } from "../texts.js";

/** @param {{ run: import("../kit/types.js").Run, onClose: () => void }} props */
export function Rewind({ run, onClose }) {
  const busy = useStore((s) => isUnderWay(s.training));
  const ended = useStore((s) => s.training?.phase);
  const [details, setDetails] = useState(/** @type {import("../kit/types.js").RunDetails | null} */ (null));
  const [place, setPlace] = useState(0);
  const [rate, setRate] = useState("");
  const [epochs, setEpochs] = useState("");
  const id = useId();
  useEffect(() => {
    void attempt(() => get(`runs/${encodeURIComponent(run.name)}`)).then((found) => {
      if (!found) return;
      setDetails(found);
      setPlace(Math.floor((found.snapshots.length - 1) / 2));
      setRate(String(found.values.learning_rate));
      setEpochs(String(found.values.epochs));
    });
  }, [run.name, ended]);
  const snapshots = details?.snapshots ?? [];
  const epoch = snapshots[Math.min(place, snapshots.length - 1)] ?? 0;
  const at = details ? details.history.epoch.findIndex((one) => one >= epoch) : -1;
  const start = async () => {
    if (!details) return;
    /** @type {Record<string, number>} */
    const settings = {};
    if (Number(rate) !== details.values.learning_rate) settings.learning_rate = Number(rate);
    if (Number(epochs) !== details.values.epochs) settings.epochs = Number(epochs);
    if (await branch(run.name, epoch, settings)) {
      onClose();
      document.getElementById("main")?.scrollIntoView({ block: "start" });
    }
  };
  return html`<div class="rewind" role="group" aria-label=${T.rewind.heading(runTitle(run.name))}>
    ${details && snapshots.length === 0
      ? html`<p class="note">${T.rewind.none}</p>`
      : html`<label class="slide" for=${`${id}-epoch`}>
            <span>${T.rewind.epoch} <b>${epoch}</b></span>
            <input
              id=${`${id}-epoch`}
              type="range"
              min="0"
              max=${Math.max(0, snapshots.length - 1)}
              step="1"
              value=${place}
              disabled=${!details}
              aria-valuetext=${`${T.charts.epochAt(epoch)}`}
              onInput=${(/** @type {Event} */ e) => setPlace(Number(/** @type {HTMLInputElement} */ (e.target).value))}
            />
            <small>${at >= 0 && details ? T.rewind.was(percent(details.history.accuracy[at]), loss(details.history.loss[at])) : " "}</small>
          </label>
          <label for=${`${id}-rate`}><span>${T.rewind.rate}</span>
            <input id=${`${id}-rate`} type="text" inputmode="decimal" autocomplete="off" value=${rate} onInput=${(/** @type {Event} */ e) => setRate(/** @type {HTMLInputElement} */ (e.target).value)} />
          </label>
          <label for=${`${id}-epochs`}><span>${T.rewind.epochs}</span>
            <input id=${`${id}-epochs`} type="text" inputmode="numeric" autocomplete="off" value=${epochs} onInput=${(/** @type {Event} */ e) => setEpochs(/** @type {HTMLInputElement} */ (e.target).value)} />
          </label>
          <div class="do">
            <button class="primary" type="button" disabled=${!details || busy} onClick=${start}>${T.rewind.branch}</button>
            <button type="button" onClick=${onClose}>${T.rewind.close}</button>
          </div>
          ${busy && html`<p class="note">${T.rewind.busy}</p>`}`}
  </div>`;
}
