/** @file The drawing pad: mouse, pen, finger, or the keyboard. */
import { html, onValue, useEffect, useRef, useResize, useState } from "../kit/lib.js";
import { useParts } from "../kit/store.js";
import { paintPad, SIDE } from "./painting.js";
import { toAnswer } from "./sight.js";
import { T } from "./texts.js";

const FAR = 10; // how far an arrow key moves the pen
const NEAR = 2;
const LIFTED = 900; // milliseconds after the last stroke, until the answer comes into sight: not between two strokes
/** @type {Record<string, number[]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {{ asking: import("./sheet.js").Sheet, classes?: string[] }} props  classes: what can be drawn */
export function Pad({ asking, classes }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useParts("theme"); // it is painted again in the other colours
  const pointer = useRef(/** @type {number | null} */ (null));
  const pen = useRef({ x: SIDE / 2, y: SIDE / 2, shown: false }); // of the keyboard
  const [down, setDown] = useState(false);
  const frame = useRef(0);
  const later = useRef(0);
  const paint = () => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => canvas.current && paintPad(canvas.current, asking, { ...pen.current, down }));
  };
  useEffect(paint);
  const stop = () => {
    cancelAnimationFrame(frame.current);
    clearTimeout(later.current);
  };
  useEffect(() => stop, []);
  useResize(canvas, paint);

  /** @param {PointerEvent} event  @returns {[number, number]} */
  const place = (event) => {
    const box = /** @type {HTMLCanvasElement} */ (canvas.current).getBoundingClientRect();
    const scale = SIDE / box.width;
    return [round((event.clientX - box.left) * scale), round((event.clientY - box.top) * scale)];
  };
  const begin = (/** @type {PointerEvent} */ event) => {
    if (pointer.current !== null || event.button !== 0) return;
    pointer.current = event.pointerId;
    clearTimeout(later.current);
    canvas.current?.setPointerCapture(event.pointerId);
    setDown(false);
    pen.current.shown = false;
    asking.put(place(event));
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (pointer.current !== event.pointerId) return;
    const between = event.getCoalescedEvents?.() ?? [];
    asking.drag((between.length ? between : [event]).map(place));
    paint();
  };
  const end = (/** @type {PointerEvent} */ event) => {
    if (pointer.current !== event.pointerId) return;
    pointer.current = null;
    later.current = setTimeout(() => asking.strokes.length && toAnswer(), LIFTED);
  };
  const clear = () => {
    setDown(false);
    asking.clear();
  };
  const undo = () => {
    setDown(false);
    asking.undo();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const by = MOVES[event.key];
    const at = pen.current;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (by) {
      const far = event.shiftKey ? NEAR : FAR;
      at.x = Math.min(SIDE, Math.max(0, at.x + by[0] * far));
      at.y = Math.min(SIDE, Math.max(0, at.y + by[1] * far));
      if (down) asking.drag([[at.x, at.y]]);
    } else if (event.key === " ") {
      setDown(!down);
      if (!down) asking.put([at.x, at.y]);
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    at.shown = true;
    event.preventDefault();
    paint();
  };
  const focus = (/** @type {FocusEvent} */ event) => {
    pen.current.shown = event.type === "focus" && /** @type {HTMLElement} */ (event.target).matches(":focus-visible");
    if (event.type === "blur") setDown(false);
    paint();
  };
  const widen = (/** @type {string} */ width) => {
    asking.width = Number(width);
    asking.again();
    asking.changed?.();
  };
  return html`<div class="paper">
      <canvas
        ref=${canvas} tabindex="0" role="application" aria-label=${T.read.pad} aria-describedby="pad-help"
        onPointerDown=${begin} onPointerMove=${move} onPointerUp=${end} onPointerCancel=${end}
        onKeyDown=${key} onFocus=${focus} onBlur=${focus}
      ></canvas>
      ${asking.empty && html`<p class="prompt" aria-hidden="true"><b>${T.read.prompt(classes)}</b>${T.read.promptMore}</p>`}
      <p class="unseen" role="status">${down ? T.read.penDown : ""}</p>
    </div>
    <div class="tools">
      <button type="button" disabled=${asking.empty} onClick=${clear}>${T.read.clear}</button>
      <button type="button" disabled=${asking.strokes.length === 0} onClick=${undo}>${T.read.undo}</button>
      <label class="pen">
        <span>${T.read.pen}</span>
        <input type="range" min="8" max="40" step="1" value=${asking.width} onInput=${onValue(widen)} />
      </label>
    </div>
    <p class="unseen" id="pad-help">${T.read.padHelp}</p>
    <p class="note keys" aria-hidden="true">${T.read.padKeys}</p>`;
}

/** @param {number} n */
const round = (n) => Math.round(n * 10) / 10;
