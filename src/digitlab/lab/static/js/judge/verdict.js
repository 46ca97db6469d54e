/** @file How many test digits are right: in a sentence, and with its interval for each part of the test set. */
import { count, percent } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { T } from "./texts.js";

/** @import { Judgement } from "../kit/types.js" */
/** @typedef {{ name: string, count: number, accuracy: number, accuracy_interval: [number, number] }} Share */

/** So many decimals that one picture more or less is seen. @param {number} count  of pictures */
export const decimals = (count) => (count >= 2000 ? 2 : 1);

/** @param {{ judgement: Judgement | null, busy: boolean }} props */
export function Verdict({ judgement, busy }) {
  const n = judgement?.count ?? 0;
  const share = (/** @type {number} */ part) => percent(part, decimals(n));
  const [low, high] = judgement?.accuracy_interval ?? [0, 1];
  return html`<section class="accuracy card" aria-labelledby="verdict-heading" aria-busy=${String(busy)}>
    <h2 id="verdict-heading" class="unseen">${T.judge.share}</h2>
    <div class="big">
      <b class=${judgement ? "" : "none"}>${judgement ? share(judgement.accuracy) : "–"}</b>
      <span>${judgement ? T.judge.right(n) : T.judge.loading}</span>
    </div>
    <div class="told">
      <p role="status">${judgement && T.judge.sentence(count(Math.round(judgement.accuracy * n)), count(n), share(low), share(high))}</p>
      ${judgement && html`<${Shares} shares=${sharesOf(judgement)} />`}
    </div>
  </section>`;
}

/** The whole test set, then its parts. @param {Judgement} judgement  @returns {Share[]} */
function sharesOf({ count: all, accuracy, accuracy_interval, parts }) {
  const named = parts.map((part) => ({ ...part, name: part.name[0].toUpperCase() + part.name.slice(1) }));
  return [{ name: T.judge.all, count: all, accuracy, accuracy_interval }, ...named];
}

/** Each share as a point on its interval, all on one scale. @param {{ shares: Share[] }} props */
function Shares({ shares }) {
  const lows = shares.map(({ accuracy_interval: [low] }) => low);
  const from = Math.min(...lows) - 0.05 * (1 - Math.min(...lows));
  const place = (/** @type {number} */ share) => `${(100 * (share - from)) / (1 - from)}%`;
  return html`<table class="shares">
    <caption class="unseen">${T.judge.table}</caption>
    <thead class="unseen"><tr><th scope="col">${T.judge.which}</th><th scope="col">${T.judge.share}</th><th scope="col">${T.judge.interval}</th></tr></thead>
    <tbody>
      ${shares.map(({ name, count: n, accuracy, accuracy_interval: [low, high] }) => {
        const [least, most] = [percent(low, decimals(n)), percent(high, decimals(n))];
        return html`<tr key=${name}>
          <th scope="row">${name} <small>${count(n)}</small></th>
          <td>${percent(accuracy, decimals(n))}</td>
          <td class="range" title=${T.judge.range(least, most)}>
            <span class="unseen">${T.judge.range(least, most)}</span>
            <i aria-hidden="true" style=${{ left: place(low), right: `calc(100% - ${place(high)})` }}></i>
            <b aria-hidden="true" style=${{ left: place(accuracy) }}></b>
          </td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
