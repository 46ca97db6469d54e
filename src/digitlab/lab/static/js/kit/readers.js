/** @file Who reads: the reader that the address names, and the list to choose another one from. */
import { T } from "../texts.js";
import { writeAddress } from "./address.js";
import { useAnswer } from "./answer.js";
import { moment, percent, runTitle } from "./format.js";
import { html, onValue, Slider, useId, useLater, useState } from "./lib.js";
import { isUnderWay, useParts } from "./store.js";

/** @import { Reader } from "./types.js" */

const SETTLED = 150; // milliseconds that a slider has been at an epoch before it is asked about

/** The run that a reader such as `run:NAME@EPOCH`, a snapshot, is of. @param {string | null} id */
const runOf = (id) => (id?.match(/^(run:.+)@\d+$/) ?? [])[1];

/**
 * Who reads: the address's reader, else the server's choice. The server lists no snapshots: of one, what is known of its
 * run is known.
 * @returns {{ id: string | null, reader: Reader | undefined, unknown: string }}  unknown: the one of the address, if it is not here
 */
export function useReader() {
  const { readers, address, defaultReader } = useParts("readers", "address", "defaultReader");
  const known = (/** @type {string | null} */ id) => readers.find((one) => one.id === id) ?? readers.find((one) => one.id === runOf(id));
  const id = known(address.reader) ? address.reader : defaultReader;
  return { id, reader: known(id), unknown: address.reader && id !== address.reader && readers.length > 0 ? address.reader : "" };
}

/**
 * The list of them; choosing one changes the address.
 * @param {{ reader: string | null, name?: string, label?: string, none?: string }} props  name: its part of the address;
 * none: what is chosen where nobody is
 */
export function ReaderChoice({ reader, name = "reader", label = T.reader.label, none }) {
  const { readers, runs, training, address } = useParts("readers", "runs", "training", "address");
  const title = (/** @type {Reader} */ one) => {
    if (one.id === "live") return isUnderWay(training) ? T.reader.liveUnderWay : `${T.reader.live} ${runTitle(training?.run ?? "")}`;
    const run = runs.find(({ name }) => `run:${name}` === one.id);
    return run ? T.reader.run(runTitle(run.name), percent(run.accuracy), moment(run.started)) : one.title;
  };
  const snapshot = readers.some(({ id }) => id === reader) ? undefined : runOf(reader);
  const epoch = reader?.split("@").at(-1) ?? "";
  return html`<label class="choice">
    <span>${label}</span>
    <select value=${reader ?? ""} onChange=${onValue((id) => choose(address, name, id))}>
      ${none && html`<option value="" selected=${!reader}>${none}</option>`}
      ${snapshot && html`<option value=${reader} selected>${T.reader.snapshot(runTitle(snapshot.slice(4)), epoch)}</option>`}
      ${readers.map((one) => html`<option key=${one.id} value=${one.id} selected=${one.id === reader}>${title(one)}</option>`)}
    </select>
  </label>`;
}

/** @param {Record<string, string>} address  @param {string} name  @param {string} id */
function choose(address, name, id) {
  const { [name]: _, ...others } = address;
  writeAddress(id ? { ...others, [name]: id } : others);
}

/**
 * Back to an epoch of the run that reads, of those that were kept. The last place is the reader as it is; others have but this.
 * @param {{ reader: string | null, name?: string, of?: string }} props  name: its part of the address; of: whom, if there are two
 */
export function EpochChoice({ reader, name = "reader", of }) {
  const { address } = useParts("address");
  const field = useId();
  const run = runOf(reader) ?? (reader?.startsWith("run:") ? reader : null);
  const { answer } = useAnswer(run && `runs/${encodeURIComponent(run.slice(4))}`);
  const [moved, setMoved] = useState(/** @type {string | null} */ (null));
  useLater(
    () => {
      if (moved !== null) choose(address, name, moved);
      setMoved(null);
    },
    SETTLED,
    [moved],
  );
  const kept = answer && `run:${answer.name}` === run ? answer.snapshots : [];
  const ids = [...kept.map((/** @type {number} */ epoch) => `${run}@${epoch}`), run ?? reader];
  const place = ids.indexOf(moved ?? reader);
  const epoch = kept[place];
  const says = epoch === undefined ? T.reader.asItIs : T.reader.atEpoch(epoch);
  return html`<label class="choice epochs" for=${field}>
    <span>${T.reader.epoch}${of && html`<span class="unseen"> ${of}</span>`}</span>
    <${Slider} id=${field} most=${ids.length - 1} place=${place < 0 ? ids.length - 1 : place} says=${says} disabled=${!kept.length} onMove=${(/** @type {number} */ to) => setMoved(ids[to])} />
    <output>${says}</output>
  </label>`;
}
