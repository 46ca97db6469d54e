/** @file Who reads: the reader that the address names, and the list to choose another one from. */
import { T } from "../texts.js";
import { writeAddress } from "./address.js";
import { moment, percent, runTitle } from "./format.js";
import { html, onValue } from "./lib.js";
import { isUnderWay, useParts } from "./store.js";

/** @import { Reader } from "./types.js" */

/** The run that a reader such as `run:NAME@EPOCH`, a snapshot, is of. @param {string | null} id */
export const runOf = (id) => (id?.match(/^(run:.+)@\d+$/) ?? [])[1];

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

/** The list of them; choosing one changes the address. @param {{ reader: string | null }} props */
export function ReaderChoice({ reader }) {
  const { readers, runs, training, address } = useParts("readers", "runs", "training", "address");
  const title = (/** @type {Reader} */ one) => {
    if (one.id === "live") return isUnderWay(training) ? T.reader.liveUnderWay : `${T.reader.live} ${runTitle(training?.run ?? "")}`;
    const run = runs.find(({ name }) => `run:${name}` === one.id);
    return run ? `${runTitle(run.name)}, ${percent(run.accuracy)}, ${moment(run.started)}` : one.title;
  };
  const snapshot = readers.some(({ id }) => id === reader) ? undefined : runOf(reader);
  const epoch = reader?.split("@").at(-1) ?? "";
  return html`<label class="choice">
    <span>${T.reader.label}</span>
    <select value=${reader} onChange=${onValue((id) => writeAddress({ ...address, reader: id }))}>
      ${snapshot && html`<option value=${reader} selected>${T.reader.snapshot(runTitle(snapshot.slice(4)), epoch)}</option>`}
      ${readers.map((one) => html`<option key=${one.id} value=${one.id} selected=${one.id === reader}>${title(one)}</option>`)}
    </select>
  </label>`;
}
