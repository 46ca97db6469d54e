/** @file The answer: the digit, large, and how probable each of the ten is. */
import { percent } from "../kit/format.js";
import { html, Spoken } from "../kit/lib.js";
import { areWords, Probabilities } from "../kit/probabilities.js";
import { T, TEN } from "./texts.js";

const SETTLED = 700; // milliseconds without change, before the answer is spoken: not with every point that is drawn

/** @param {{ asking: import("./sheet.js").Sheet, reader?: Pick<import("../kit/types.js").Reader, "classes"> }} props */
export function Answer({ asking: { reading, test }, reader }) {
  const classes = reader?.classes ?? TEN;
  const winner = reading?.digit ?? null;
  const known = reading !== null && winner !== null;
  const { rejected = false, doubtful = false } = reading ?? {};
  const probability = known ? reading.probabilities[winner] : 0;
  const right = winner === test?.label;
  const verdict = known && test ? (right ? T.read.right : T.read.wrong)(test.name) : "";
  const says = doubtful ? T.read.saysDoubtful : T.read.says;
  const spoken = known ? `${says(reading.name ?? "", percent(probability, 0))} ${verdict}` : rejected ? T.read.rejected : "";
  return html`<section class="answer card" aria-labelledby="answer-heading">
    <h2 id="answer-heading" class="unseen">${T.read.answer}</h2>
    <div class=${`winner ${known ? (areWords(classes) ? "words" : "") : rejected ? "rejected" : "blank"}`}>
      ${!rejected && html`<b aria-hidden="true">${known ? reading.name : "?"}</b>`}
      <div>
        <p class="sure">${known ? T.read.sure(percent(probability)) : rejected ? T.read.rejected : T.read.prompt(classes)}</p>
        ${doubtful && html`<p class="doubt">${T.read.doubtful}</p>`}
        ${verdict &&
        html`<p class=${`verdict ${right ? "right" : "wrong"}`}><span aria-hidden="true">${right ? "✓" : "✗"}</span> ${verdict}</p>
          <p class="note">${T.read.testDigit(test?.index ?? 0)}</p>`}
      </div>
    </div>
    <h3>${T.read.probabilities(classes)}</h3>
    <${Probabilities} names=${classes} shares=${known || rejected ? reading?.probabilities : undefined} first=${winner} />
    <${Spoken} text=${spoken} wait=${SETTLED} />
  </section>`;
}
