/** @file Back to a snapshot of a run: what the network was like then, and on from there with other settings. */
import { asValue, linkTo, wrong } from "../kit/address.js";
import { get } from "../kit/api.js";
import { loss, percent, runTitle } from "../kit/format.js";
import { html, useEffect, useId, useRef, useState } from "../kit/lib.js";
import { isUnderWay, useStore } from "../kit/store.js";
import { fetchWeights, paintWeights, useNarrow } from "../kit/weights.js";
import { attempt, branch } from "../kit/wish.js";
import { T } from "../texts.js";

const MOST = 64; // units shown
const SETTLED = 120; // milliseconds without another move of the slider

/** @param {{ run: import("../kit/types.js").Run, onClose: () => void }} props */
export function Rewind({ run, onClose }) {
  const busy = useStore((s) => isUnderWay(s.training));
  const ended = useStore((s) => s.training?.phase);
  const [details, setDetails] = useState(/** @type {import("../kit/types.js").RunDetails | null} */ (null));
  const [place, setPlace] = useState(0);
  const [rate, setRate] = useState("");
  const [epochs, setEpochs] = useState("");
  const recipes = useStore((s) => s.recipes);
  useEffect(() => {
    void attempt(() => get(`runs/${encodeURIComponent(run.name)}`)).then((found) => {
      if (!found) return;
      const middle = Math.floor((found.snapshots.length - 1) / 2);
      setDetails(found);
      setPlace(middle);
      setRate(String(rateAt(found, found.snapshots[middle] ?? 0)));
      setEpochs(String(found.values.epochs));
    });
  }, [run.name, ended]);
  const snapshots = details?.snapshots ?? [];
  const epoch = snapshots[Math.min(place, snapshots.length - 1)] ?? 0;
  const at = details ? details.history.epoch.findIndex((one) => one >= epoch) : -1;
  const move = (/** @type {number} */ to) => {
    if (details && rate === String(rateAt(details, epoch))) setRate(String(rateAt(details, snapshots[to])));
    setPlace(to);
  };
  const settingOf = (/** @type {string} */ name) => recipes?.settings.find((one) => one.name === name);
  const start = async () => {
    if (!details) return;
    /** @type {Record<string, import("../kit/types.js").Value>} */
    const settings = {};
    for (const [name, text] of Object.entries({ learning_rate: rate, epochs })) {
      const setting = settingOf(name);
      const value = setting ? asValue(setting, text) : text;
      if (value !== details.values[name]) settings[name] = value;
    }
    if (await branch(run.name, epoch, settings)) {
      onClose();
      document.getElementById("main")?.scrollIntoView({ block: "start" });
    }
  };
  if (details && snapshots.length === 0) {
    return html`<div class="rewind" role="group" aria-label=${T.rewind.heading(runTitle(run.name))}>
      <p class="note">${T.rewind.none}</p>
    </div>`;
  }
  return html`<div class="rewind" role="group" aria-label=${T.rewind.heading(runTitle(run.name))}>
    <${Slide} epoch=${epoch} place=${place} most=${snapshots.length - 1} disabled=${!details} onMove=${move}>
      ${at >= 0 && details ? T.rewind.was(percent(details.history.accuracy[at]), loss(details.history.loss[at])) : "\u00a0"}
    <//>
    <${Then} run=${run.name} epoch=${epoch} units=${details ? Number(/** @type {number[]} */ (details.values.layers)[1]) : 0} />
    <${Entry} title=${T.rewind.rate} mode="decimal" setting=${settingOf("learning_rate")} disabled=${!details} value=${rate} onChange=${setRate} />
    <${Entry} title=${T.rewind.epochs} mode="numeric" setting=${settingOf("epochs")} disabled=${!details} value=${epochs} onChange=${setEpochs} />
    <div class="do">
      <button class="primary" type="button" disabled=${!details || busy} onClick=${start}>${T.rewind.branch}</button>
      <a class="button" href=${linkTo("read", { reader: `run:${run.name}@${epoch}` })}>${T.rewind.read}</a>
      <button type="button" onClick=${onClose}>${T.rewind.close}</button>
    </div>
    ${busy && html`<p class="note">${T.rewind.busy}</p>`}
  </div>`;
}

/**
 * The learning rate that was in force at the end of an epoch, before its schedule.
 * @param {import("../kit/types.js").RunDetails} run
 * @param {number} epoch
 */
function rateAt(run, epoch) {
  const before = run.changes.filter((change) => change.name === "learning_rate" && change.epoch <= epoch);
  return before.at(-1)?.value ?? run.values.learning_rate;
}

/** @param {{ epoch: number, place: number, most: number, disabled: boolean, onMove: (place: number) => void, children?: any }} props */
function Slide({ epoch, place, most, disabled, onMove, children }) {
  const id = useId();
  return html`<label class="slide" for=${id}>
    <span>${T.rewind.epoch} <b>${epoch}</b></span>
    <input
      id=${id}
      type="range"
      min="0"
      max=${Math.max(0, most)}
      step="1"
      value=${place}
      disabled=${disabled}
      aria-valuetext=${T.charts.epochAt(epoch)}
      onInput=${(/** @type {Event} */ e) => onMove(Number(/** @type {HTMLInputElement} */ (e.target).value))}
    />
    <small>${children}</small>
  </label>`;
}

/**
 * @param {{
 *   title: string, mode: string, setting: import("../kit/types.js").Setting | undefined, disabled: boolean, value: string,
 *   onChange: (text: string) => void,
 * }} props
 */
function Entry({ title, mode, setting, disabled, value, onChange }) {
  const id = useId();
  const mistake = setting && !disabled ? wrong(setting, value) : "";
  return html`<label for=${id}><span>${title}</span>
    <input
      id=${id}
      type="text"
      inputmode=${mode}
      autocomplete="off"
      disabled=${disabled}
      aria-invalid=${mistake ? "true" : undefined}
      aria-describedby=${mistake ? `${id}-error` : undefined}
      value=${value}
      onInput=${(/** @type {Event} */ e) => onChange(/** @type {HTMLInputElement} */ (e.target).value)}
    />
    ${mistake && html`<span class="error" id=${`${id}-error`}>${T.mustBe(mistake)}</span>`}
  </label>`;
}

/** The first layer as it was then. @param {{ run: string, epoch: number, units: number }} props */
function Then({ run, epoch, units }) {
  const theme = useStore((s) => s.theme);
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [bytes, setBytes] = useState(/** @type {Uint8Array | null} */ (null));
  const shown = Math.min(units, MOST);
  const columns = useNarrow() ? 8 : 16;
  useEffect(() => {
    let gone = false;
    const later = setTimeout(() => {
      if (!epoch) return;
      fetchWeights(`run:${run}@${epoch}`).then(
        (got) => !gone && setBytes(got.bytes),
        () => {}, // the branch says what is wrong with it
      );
    }, SETTLED);
    return () => {
      gone = true;
      clearTimeout(later);
    };
  }, [run, epoch]);
  useEffect(() => {
    if (canvas.current && bytes && bytes.length >= shown * 784) paintWeights(canvas.current, bytes, shown);
  }, [bytes, shown, columns, theme]);
  return html`<canvas
    ref=${canvas}
    class="then"
    width=${columns * 30 - 2}
    height=${Math.max(1, Math.ceil(shown / columns)) * 30 - 2}
    role="img"
    aria-label=${T.rewind.then(epoch)}
  ></canvas>`;
}
