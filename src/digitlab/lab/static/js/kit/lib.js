/** @file Preact, its hooks, and htm bound to it: the one place where the page takes them from; and five hooks of its own. */
import { h, render } from "../../vendor/preact.js";
import htm from "../../vendor/htm.js";
import { useEffect, useState } from "../../vendor/hooks.js";

export { render, useEffect, useState };
export { useMemo, useRef, useId } from "../../vendor/hooks.js";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(/** @type {any} */ (h));

/** What a field holds, for its `onInput` or `onChange`. @param {(text: string) => void} take */
export const onValue = (take) => (/** @type {Event} */ event) => take(/** @type {HTMLInputElement} */ (event.target).value);

/**
 * A slider over the places of a list.
 * @param {{ id?: string, most: number, place: number, says: string, disabled?: boolean, onMove: (place: number) => void }} props
 */
export function Slider({ id, most, place, says, disabled, onMove }) {
  const move = onValue((text) => onMove(Number(text)));
  return html`<input id=${id} type="range" min="0" max=${most} step="1" value=${place} disabled=${disabled} aria-valuetext=${says} onInput=${move} />`;
}

/**
 * Done some milliseconds after one of `on` has changed, unless one of them changes again meanwhile.
 * @param {() => void} act
 * @param {number} wait
 * @param {any[]} on
 */
export function useLater(act, wait, on) {
  useEffect(() => {
    const later = setTimeout(act, wait);
    return () => clearTimeout(later);
  }, on);
}

/**
 * Done at the beginning and whenever the size of an element has changed.
 * @param {{ current: Element | null }} ref
 * @param {(element: any) => void} changed
 */
export function useResize(ref, changed) {
  useEffect(() => {
    const observer = new ResizeObserver(() => ref.current && changed(ref.current));
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
}

/** Whether an element is on the screen. @param {{ current: Element | null }} ref */
export function useSeen(ref) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.some((entry) => entry.isIntersecting)));
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}

/** Whether an element has ever been on the screen: somebody has come to see it. @param {{ current: Element | null }} ref */
export function useWanted(ref) {
  const seen = useSeen(ref);
  const [wanted, setWanted] = useState(false);
  useEffect(() => setWanted(wanted || seen), [seen]);
  return wanted;
}

/**
 * For a screen reader alone: a text, spoken some milliseconds after it has changed, or after `on` has.
 * @param {{ text: string, on?: string, wait?: number }} props
 */
export function Spoken({ text, on = text, wait = 0 }) {
  const [spoken, setSpoken] = useState("");
  useLater(() => setSpoken(text), wait, [on]);
  return html`<p class="unseen" role="status">${spoken}</p>`;
}
