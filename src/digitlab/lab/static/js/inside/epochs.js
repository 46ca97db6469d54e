/** @file Rewind: which of the kept epochs of a run is looked at. */
import { get, Refused } from "../kit/api.js";
import { html, Slider, useEffect, useId, useLater, useState } from "../kit/lib.js";
import { runOf } from "../kit/readers.js";
import { choose } from "./choice.js";
import { T } from "./texts.js";

const SETTLED = 150; // milliseconds that the slider has been at an epoch before it is looked at

/** @param {{ reader: string | null }} props */
export function Epochs({ reader }) {
  const run = runOf(reader) ?? (reader?.startsWith("run:") ? reader : null);
  const kept = useKept(run);
  if (!run || !kept || kept.epochs.length < 2) return null;
  return html`<${Rewind} key=${run} run=${run} reader=${reader} ...${kept} />`;
}

/** @param {{ run: string, reader: string, epochs: number[], last: number }} props */
function Rewind({ run, reader, epochs, last }) {
  const id = useId();
  const asked = reader === run ? last : Number(reader.split("@").at(-1));
  const [place, setPlace] = useState(Math.max(0, epochs.indexOf(asked)));
  useEffect(() => setPlace(Math.max(0, epochs.indexOf(asked))), [asked]);
  const epoch = epochs[place];
  useLater(() => void (epoch !== asked && choose({ reader: epoch === last ? run : `${run}@${epoch}` })), SETTLED, [epoch]);
  return html`<label class="epochs" for=${id}>
    <span>${T.epoch.label} <b>${epoch === last ? T.epoch.end(epoch) : epoch}</b></span>
    <${Slider} id=${id} most=${epochs.length - 1} place=${place} says=${T.epoch.says(epoch)} onMove=${setPlace} />
  </label>`;
}

/** The kept epochs of a run, its last one among them. @param {string | null} run  `run:NAME` */
function useKept(run) {
  const [kept, setKept] = useState(/** @type {{ run: string, epochs: number[], last: number } | null} */ (null));
  useEffect(() => {
    if (!run) return;
    get(`runs/${encodeURIComponent(run.slice(4))}`)
      .then((/** @type {import("../kit/types.js").RunDetails} */ found) => setKept({ run, epochs: [...new Set([...found.snapshots, found.epochs])], last: found.epochs }))
      .catch((error) => error instanceof Refused || Promise.reject(error));
  }, [run]);
  return kept?.run === run ? kept : null;
}
