/** @file Start, pause, one step, one epoch, slow motion, stop. */
import { linkTo } from "../kit/address.js";
import { html, Slider, useEffect, useRef, useState } from "../kit/lib.js";
import { useExperiment } from "../kit/settings.js";
import { isUnderWay } from "../kit/store.js";
import { control, resume, startTraining } from "../kit/wish.js";
import { T } from "./texts.js";
import { Mistakes } from "./field.js";

/** @import { Training } from "../kit/types.js" */

/** @type {(number | null)[]}  steps a second; null is full speed */
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, null];

/**
 * The main button is the same one all the time, so that whoever uses the keyboard stays on it.
 * @param {{ training: Training }} props
 */
export function Controls({ training }) {
  const { recipe, texts, changed } = useExperiment();
  const [busy, setBusy] = useState(false);
  useEffect(() => setBusy(false), [training.phase, training.run]);
  const begin = async (/** @type {boolean} */ paused) => {
    setBusy(true);
    if (!(await startTraining(recipe, texts, paused))) setBusy(false);
  };
  const underWay = isUnderWay(training);
  const closed = busy || training.phase === "stopping";
  const [glyph, label, act] = !underWay
    ? /** @type {const} */ (["go", T.controls.start, () => begin(false)])
    : training.phase === "paused"
      ? /** @type {const} */ (["go", T.controls.goOn, () => control("go_on")])
      : /** @type {const} */ (["pause", T.controls.pause, () => control("pause")]);
  const button = (/** @type {string} */ text, /** @type {() => void} */ done, /** @type {any} */ before = "") =>
    html`<button type="button" disabled=${closed} onClick=${done}>${before}${text}</button>`;
  return html`<div class="controls" role="group" aria-label=${T.controls.heading}>
    <button class="primary steady" type="button" aria-disabled=${closed ? "true" : "false"} onClick=${() => !closed && act()}>
      <${Glyph} name=${glyph} />${label}
    </button>
    ${underWay
      ? html`${button(T.controls.step, () => control("step"))}
          ${button(T.controls.epoch, () => control("epoch"))}
          ${button(T.controls.stop, () => control("stop"), html`<${Glyph} name="stop" />`)}
          <${Speed} now=${training.steps_per_second} disabled=${closed} />`
      : html`${button(T.controls.startPaused, () => begin(true))}
          ${training.phase === "interrupted" && button(T.controls.resume, () => resume(training.run))}
          <a class="button" href=${linkTo("read")}>${T.controls.read}</a>
          <small class="next">${T.controls.next(recipe.name, changed.length)}</small>
          <${Mistakes} />`}
  </div>`;
}

/** @param {{ now: number | null, disabled: boolean }} props */
function Speed({ now, disabled }) {
  const [place, setPlace] = useState(nearest(now));
  const sending = useRef(0);
  useEffect(() => setPlace(nearest(now)), [now]);
  const speed = SPEEDS[place];
  const text = speed === null ? T.controls.full : T.controls.perSecond(speed);
  const choose = (/** @type {number} */ chosen) => {
    setPlace(chosen);
    clearTimeout(sending.current);
    sending.current = setTimeout(() => control("speed", { steps_per_second: SPEEDS[chosen] }), 120);
  };
  return html`<label class="speed">
    <span>${T.controls.speed}</span>
    <${Slider} most=${SPEEDS.length - 1} place=${place} says=${text} disabled=${disabled} onMove=${choose} />
    <output>${text}</output>
  </label>`;
}

/** The place of the slowest speed that is not below this one. @param {number | null} speed */
const nearest = (speed) => SPEEDS.findIndex((one) => one === null || (speed !== null && one >= speed));

const GLYPHS = { go: "M7 4.5v15l12-7.5z", pause: "M6 5h4v14H6zM14 5h4v14h-4z", stop: "M6 6h12v12H6z" };

/** @param {{ name: keyof typeof GLYPHS }} props */
function Glyph({ name }) {
  return html`<svg class="glyph" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path d=${GLYPHS[name]} fill="currentColor" /></svg>`;
}
