/** @file The room in which a network reads: draw a digit and see the answer while you draw, or give it a photograph. */
import { linkTo, writeAddress } from "../kit/address.js";
import { moment, percent, runTitle } from "../kit/format.js";
import { html, onValue, useEffect, useLater, useRef, useState } from "../kit/lib.js";
import { isUnderWay, useParts, useStore } from "../kit/store.js";
import { loadRuns } from "../kit/stream.js";
import { T } from "./texts.js";
import { Answer } from "./answer.js";
import { Asking } from "./asking.js";
import { Inside } from "./inside.js";
import { Pad } from "./pad.js";
import { Photo } from "./photo.js";
import { Photograph } from "./photograph.js";
import { Sources, toAnswer } from "./sources.js";

const SHIPPED = "model:standard";
const FOLLOW_EVERY = 200; // milliseconds: how often the answer follows a training under way, at most

/** The run that a reader such as `run:NAME@EPOCH`, a snapshot, is of. @param {string | null} id */
const runOf = (id) => (id?.match(/^(run:.+)@\d+$/) ?? [])[1];

const TEN_DIGITS = "0 1 2 3 4 5 6 7 8 9";

/** One each for the life of the page: who looks into the other room finds the drawing and the photograph again. */
const asking = new Asking();
const photo = new Photo();

export function ReadRoom() {
  const { readers, address, defaultReader } = useParts("readers", "address", "defaultReader");
  // The server lists no snapshots: of one, what is known of its run is known.
  const known = (/** @type {string | null} */ id) => readers.find((one) => one.id === id) ?? readers.find((one) => one.id === runOf(id));
  const reader = known(address.reader) ? address.reader : defaultReader;
  const news = useStore((s) => (reader === "live" ? s.news : 0));
  const [, draw] = useState(0);
  const [over, setOver] = useState(false);
  const followed = useRef(0);

  useEffect(() => {
    void loadRuns();
    const ends = [asking, photo].map((one) => one.begin(() => draw((n) => n + 1)));
    return () => ends.forEach((end) => end());
  }, []);
  useEffect(() => {
    asking.use(reader);
    photo.use(reader);
  }, [reader]);
  const follow = () => {
    if (reader !== "live") return;
    followed.current = performance.now();
    asking.again();
  };
  useLater(follow, followed.current + FOLLOW_EVERY - performance.now(), [news, reader]);
  // A network of other classes reads pictures of one of them, on the pad.
  const whole = (known(reader)?.classes.join(" ") ?? TEN_DIGITS) === TEN_DIGITS;
  const open = (/** @type {File} */ file) => {
    if (whole) photo.open(file);
    else asking.readFile(file).then(toAnswer);
  };
  useEffect(() => {
    const paste = (/** @type {ClipboardEvent} */ event) => {
      const file = event.clipboardData?.files[0];
      if (file) open(file);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [whole]);

  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  };
  return html`<div
    class=${`reading ${over ? "over" : ""}`}
    onDragOver=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    }}
    onDragLeave=${(/** @type {DragEvent} */ event) => event.currentTarget === event.target && setOver(false)}
    onDrop=${drop}
  >
    <div class="head">
      <h1>${T.read.heading}</h1>
      ${address.reader && reader !== address.reader && readers.length > 0 && html`<p class="note">${T.read.unknown(address.reader)}</p>`}
      <${ReaderChoice} reader=${reader} />
      ${reader === SHIPPED && html`<p class="note"><a href=${linkTo("train")}>${T.read.trainOwn}</a></p>`}
    </div>
    <${Photograph} photo=${photo} whole=${whole} onFile=${open} />
    <section class="drawing card" aria-labelledby="pad-heading">
      <h2 id="pad-heading" class="unseen">${T.read.pad}</h2>
      <${Pad} asking=${asking} />
    </section>
    <${Answer} asking=${asking} reader=${known(reader)} />
    <${Inside} asking=${asking} id=${reader} reader=${known(reader)} />
    <${Sources} asking=${asking} reader=${reader} />
    ${over && html`<p class="drop" role="status">${T.read.drop}</p>`}
  </div>`;
}

/** @param {{ reader: string | null }} props  who reads, as the address or the server has it */
function ReaderChoice({ reader }) {
  const { readers, runs, training } = useParts("readers", "runs", "training");
  const title = (/** @type {import("../kit/types.js").Reader} */ one) => {
    if (one.id === "live") return isUnderWay(training) ? T.read.liveUnderWay : `${T.read.live} ${runTitle(training?.run ?? "")}`;
    const run = runs.find(({ name }) => `run:${name}` === one.id);
    return run ? `${runTitle(run.name)}, ${percent(run.accuracy)}, ${moment(run.started)}` : one.title;
  };
  const snapshot = readers.some(({ id }) => id === reader) ? undefined : runOf(reader);
  const epoch = reader?.split("@").at(-1) ?? "";
  return html`<label class="choice">
    <span>${T.read.reader}</span>
    <select value=${reader} onChange=${onValue((id) => writeAddress({ reader: id }))}>
      ${snapshot && html`<option value=${reader} selected>${T.read.snapshot(runTitle(snapshot.slice(4)), epoch)}</option>`}
      ${readers.map((one) => html`<option key=${one.id} value=${one.id} selected=${one.id === reader}>${title(one)}</option>`)}
    </select>
  </label>`;
}
