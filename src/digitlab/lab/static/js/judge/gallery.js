/** @file The mistakes on the test set, the surest first. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { html, useEffect, useRef, useState, useWanted } from "../kit/lib.js";
import { T } from "./texts.js";
import { Tile } from "./tile.js";

/** @import { Judgement, Mistakes } from "../kit/types.js" */

const MOST = 24; // at once

/** @param {{ judgement: Judgement | null }} props */
export function Gallery({ judgement }) {
  const section = useRef(null);
  const [start, setStart] = useState(0);
  const wanted = useWanted(section);
  const { reader = "", version, names = [] } = judgement ?? {};
  useEffect(() => setStart(0), [reader, version]);
  const { answer, busy } = useAnswer(judgement && wanted ? `judge/mistakes?${asQuery({ reader, version, start, most: MOST })}` : null);
  const mistakes = /** @type {Mistakes | null} */ (answer);
  const all = mistakes?.count ?? 0;
  return html`<section class="gallery card" ref=${section} aria-labelledby="gallery-heading" aria-busy=${String(busy)}>
    <div class="head">
      <h2 id="gallery-heading">${T.gallery.heading}</h2>
      <p class="note" role="status">${all > 0 && T.gallery.shown(start + 1, Math.min(all, start + MOST), all)}</p>
      <button class="small" type="button" disabled=${start === 0} onClick=${() => setStart(start - MOST)}>${T.gallery.before}</button>
      <button class="small" type="button" disabled=${start + MOST >= all} onClick=${() => setStart(start + MOST)}>${T.gallery.after}</button>
    </div>
    <p class="note">${mistakes && all === 0 ? T.gallery.none : T.gallery.help}</p>
    <ul class="tiles" aria-label=${T.gallery.list}>
      ${mistakes?.pictures.map((one) => html`<${Tile} key=${one.index} picture=${one} names=${names} reader=${reader} />`)}
    </ul>
  </section>`;
}
