/** @file The answer: the digit, large, and how probable each of the ten is. */
import { linkTo } from "../kit/address.js";
import { percent } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "../texts.js";
import { readerOf } from "./readers.js";

const QUIET = 700; // milliseconds without change, before the answer is spoken

/** @param {{ asking: import("./asking.js").Asking, nobody: boolean }} props */
export function Answer({ asking, nobody }) {
  const readers = useStore((s) => s.readers);
  const { reading, test } = asking;
  const classes = readerOf(readers, asking.reader)?.classes ?? [..."0123456789"];
  const known = reading !== null && !reading.blank && reading.digit !== null;
  const winner = known ? /** @type {number} */ (reading.digit) : -1;
  const probability = known ? reading.probabilities[winner] : 0;
  return html`<section class="answer card" aria-labelledby="answer-heading">
    <h2 id="answer-heading" class="unseen">${T.read.answer}</h2>
    <div class=${`winner ${known ? "" : "blank"}`}>
      <b aria-hidden="true">${known ? reading.name : "?"}</b>
      <div>
        ${nobody
          ? html`<p>${T.read.nobody} <a href=${linkTo("train")}>${T.read.trainFirst}</a></p>`
          : html`<p class="sure">${known ? T.read.sure(percent(probability)) : T.read.blank}</p>`}
        ${test &&
        known &&
        html`<p class=${`verdict ${winner === test.label ? "right" : "wrong"}`}>
          <span aria-hidden="true">${winner === test.label ? "✓" : "✗"}</span> ${winner === test.label ? T.read.right(test.name) : T.read.wrong(test.name)}
        </p>
        <p class="note">${T.read.testDigit(test.index)}</p>`}
      </div>
    </div>
    <h3>${T.read.probabilities}</h3>
    <ol class="bars">
      ${classes.map((name, i) => {
        const share = known ? reading.probabilities[i] : 0;
        return html`<li key=${i} class=${i === winner ? "first" : ""}>
          <span class="name">${name}</span>
          <i class="meter" aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></i>
          <span class="share">${known ? percent(share) : "–"}</span>
        </li>`;
      })}
    </ol>
    <${Spoken} text=${known ? T.read.says(reading.name, percent(probability, 0)) + verdict(asking) : ""} />
  </section>`;
}

/** @param {import("./asking.js").Asking} asking */
function verdict({ test, reading }) {
  if (!test || !reading) return "";
  return ` ${reading.digit === test.label ? T.read.right(test.name) : T.read.wrong(test.name)}`;
}

/** Spoken once the answer has settled: not with every point that is drawn. @param {{ text: string }} props */
function Spoken({ text }) {
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    const later = setTimeout(() => setSpoken(text), QUIET);
    return () => clearTimeout(later);
  }, [text]);
  return html`<p class="unseen" role="status">${spoken}</p>`;
}
