/** @file How probable each class is, as bars. */
import { percent } from "./format.js";
import { html } from "./lib.js";

/** Whether classes have names, more than a digit or a letter. @param {string[]} names */
export const areWords = (names) => names.some((name) => name.length > 2);

/** @param {{ names?: string[], shares: number[] | undefined, first: number | null }} props  names: where none are known, the ten digits; shares: undefined while there is no answer; first: the answer */
export const Probabilities = ({ names = [..."0123456789"], shares, first }) => html`<ol class=${`bars ${areWords(names) ? "words" : ""}`}>
  ${names.map((name, i) => {
    const share = shares?.[i] ?? 0;
    return html`<li key=${i} class=${i === first ? "first" : ""}>
      <span class="name">${name}</span>
      <i class="meter" aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></i>
      <span class="share">${shares ? percent(share) : "–"}</span>
    </li>`;
  })}
</ol>`;
