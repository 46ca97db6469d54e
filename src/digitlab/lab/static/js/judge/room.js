/** @file The room in which a network is judged: how good it is on the test set, where it errs, and whether another is better. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { EpochChoice, ReaderChoice, useReader } from "../kit/readers.js";
import { useStore } from "../kit/store.js";
import { loadRuns } from "../kit/stream.js";
import { Compare } from "./compare.js";
import { Confusion } from "./confusion.js";
import { Gallery } from "./gallery.js";
import { Refusal } from "./refusal.js";
import { Robust } from "./robust.js";
import { Sure } from "./sure.js";
import { T } from "./texts.js";
import { Verdict } from "./verdict.js";

/** @import { Judgement } from "../kit/types.js" */

export function JudgeRoom() {
  const { id, unknown } = useReader();
  const [asked, setAsked] = useState(0);
  const { answer, trouble, busy } = useAnswer(id && `judge?${asQuery({ reader: id })}`, asked);
  const judgement = /** @type {Judgement | null} */ (answer);
  useEffect(() => void loadRuns(), []);
  return html`<div class="judging">
    <div class="head">
      <h1>${T.judge.heading}</h1>
      ${unknown && html`<p class="note">${T.reader.unknown(unknown)}</p>`}
      <${ReaderChoice} reader=${id} />
      <${EpochChoice} reader=${id} />
      ${id === "live" && judgement && html`<${Stale} key=${judgement.version} onAgain=${() => setAsked(asked + 1)} />`}
    </div>
    ${trouble && html`<${Refusal} trouble=${trouble} />`}
    ${!trouble &&
    html`<${Verdict} judgement=${judgement} busy=${busy} />
      <${Confusion} judgement=${judgement} />
      <${Gallery} judgement=${judgement} />
      <${Sure} judgement=${judgement} />
      <${Robust} judgement=${judgement} />
      <${Compare} judgement=${judgement} />`}
  </div>`;
}

/** Whether the training has changed the network since it was judged. @param {{ onAgain: () => void }} props */
function Stale({ onAgain }) {
  const news = useStore((s) => s.news);
  const then = useRef(news);
  return html`<p class="note stale">
    <span>${news === then.current ? "" : T.judge.stale}</span>
    <button class="small" type="button" onClick=${onAgain}>${T.judge.again}</button>
  </p>`;
}
