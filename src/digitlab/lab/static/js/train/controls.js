/** @file Start, pause, one step, one epoch, slow motion, stop. */
import { experimentOf, linkTo } from "../kit/address.js";
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { isUnderWay, useStore } from "../kit/store.js";
import { control, resume, startTraining } from "../kit/wish.js";
import { T } from "../texts.js";
import { Mistakes } from "./field.js";

/** @type {(number | null)[]}  steps a second; null is full speed */
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, null];

/**
 * The main button is the same one all the time, so that whoever uses the keyboard stays on it.
 * @param {{ training: import("../kit/types.js").Training }} props
 */
export function Controls({ training }) {
  const recipes = useStore((s) => s.recipes);
  const address = useStore((s) => s.address);
  const [busy, setBusy] = useState(false);
  useEffect(() => setBusy(false), [training.phase, training.run]);
  if (!recipes) return null;
  const { recipe, texts } = experimentOf(recipes, address);
  const begin = async (/** @type {boolean} */ paused) => {
    setBusy(true);
    if (!(await startTraining(recipe, texts, paused))) setBusy(false);
  };
  const paused = training.phase === "paused";
  const closed = busy || training.phase === "stopping";
  const [glyph, label, act] = !isUnderWay(training)
    ? /** @type {const} */ (["go", T.controls.start, () => begin(false)])
    : paused
      ? /** @type {const} */ (["go", T.controls.goOn, () => control("go_on")])
      : /** @type {const} */ (["pause", T.controls.pause, () => control("pause")]);
  return html`<div class="controls" role="group" aria-label=${T.controls.heading}>
    <button class="primary steady" type="button" aria-disabled=${closed ? "true" : "false"} onClick=${() => !closed && act()}>
      <${Glyph} name=${glyph} />${label}
    </button>
    ${isUnderWay(training)
      ? html`<${UnderWay} training=${training} />`
      : html`<${Ended} training=${training} busy=${busy} recipe=${recipe.name} onPaused=${() => begin(true)} />
          <${Mistakes} recipes=${recipes} texts=${texts} />`}
  </div>`;
}

/** @param {{ training: import("../kit/types.js").Training }} props */
function UnderWay({ training }) {
  const stopping = training.phase === "stopping";
  return html`<button type="button" disabled=${stopping} onClick=${() => control("step")}>${T.controls.step}</button>
    <button type="button" disabled=${stopping} onClick=${() => control("epoch")}>${T.controls.epoch}</button>
    <button type="button" disabled=${stopping} onClick=${() => control("stop")}><${Glyph} name="stop" />${T.controls.stop}</button>
    <${Speed} now=${training.steps_per_second} disabled=${stopping} />`;
}

/** @param {{ training: import("../kit/types.js").Training, busy: boolean, recipe: string, onPaused: () => void }} props */
function Ended({ training, busy, recipe, onPaused }) {
  const changed = useStore((s) => Object.keys(s.address).filter((name) => name !== "recipe").length);
  return html`<button type="button" disabled=${busy} onClick=${onPaused}>${T.controls.startPaused}</button>
    ${training.phase === "interrupted" &&
    html`<button type="button" disabled=${busy} onClick=${() => resume(training.run)}>${T.controls.resume}</button>`}
    <a class="button" href=${linkTo("read")}>${T.controls.read}</a>
    <small class="next">${T.controls.next(recipe, changed)}</small>`;
}

/** @param {{ now: number | null, disabled: boolean }} props */
function Speed({ now, disabled }) {
  const [place, setPlace] = useState(nearest(now));
  const sending = useRef(0);
  useEffect(() => setPlace(nearest(now)), [now]);
  const text = speedText(SPEEDS[place]);
  const choose = (/** @type {Event} */ event) => {
    const chosen = Number(/** @type {HTMLInputElement} */ (event.target).value);
    setPlace(chosen);
    clearTimeout(sending.current);
    sending.current = setTimeout(() => control("speed", { steps_per_second: SPEEDS[chosen] }), 120);
  };
  return html`<label class="speed">
    <span>${T.controls.speed}</span>
    <input
      type="range"
      min="0"
      max=${SPEEDS.length - 1}
      step="1"
      value=${place}
      disabled=${disabled}
      aria-valuetext=${text}
      onInput=${choose}
    />
    <output>${text}</output>
  </label>`;
}

/** @param {number | null} speed */
const speedText = (speed) => (speed === null ? T.controls.full : T.controls.perSecond(speed));

/** @param {number | null} speed */
function nearest(speed) {
  if (speed === null) return SPEEDS.length - 1;
  const found = SPEEDS.findIndex((one) => one !== null && one >= speed);
  return found < 0 ? SPEEDS.length - 2 : found;
}

const GLYPHS = { go: "M7 4.5v15l12-7.5z", pause: "M6 5h4v14H6zM14 5h4v14h-4z", stop: "M6 6h12v12H6z" };

/** @param {{ name: keyof typeof GLYPHS }} props */
function Glyph({ name }) {
  return html`<svg class="glyph" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path d=${GLYPHS[name]} fill="currentColor" /></svg>`;
}
