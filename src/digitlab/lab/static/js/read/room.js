/** @file The room in which a network reads: draw a digit and see the answer while you draw, or give it a photograph. */
import { linkTo } from "../kit/address.js";
import { html, useEffect, useLater, useRef, useState } from "../kit/lib.js";
import { ReaderChoice, useReader } from "../kit/readers.js";
import { useStore } from "../kit/store.js";
import { loadRuns } from "../kit/stream.js";
import { T } from "./texts.js";
import { Answer } from "./answer.js";
import { asking } from "./asking.js";
import { GiveAway } from "./give_away.js";
import { Inside } from "./inside.js";
import { Pad } from "./pad.js";
import { Photo } from "./photo.js";
import { Photograph } from "./photograph.js";
import { toAnswer } from "./sight.js";
import { Sources } from "./sources.js";

const SHIPPED = "model:standard";
const FOLLOW_EVERY = 200; // milliseconds: how often the answer follows a training under way, at most

const TEN_DIGITS = "0 1 2 3 4 5 6 7 8 9";

/** One for the life of the page: who looks into another room finds it again. */
const photo = new Photo();

export function ReadRoom() {
  const { id: reader, reader: known, unknown } = useReader();
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
  const whole = (known?.classes.join(" ") ?? TEN_DIGITS) === TEN_DIGITS;
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
      ${unknown && html`<p class="note">${T.reader.unknown(unknown)}</p>`}
      <${ReaderChoice} reader=${reader} />
      <${GiveAway} reader=${reader} />
      ${reader === SHIPPED && html`<p class="note"><a href=${linkTo("train")}>${T.read.trainOwn}</a></p>`}
    </div>
    <${Photograph} photo=${photo} whole=${whole} onFile=${open} />
    <section class="drawing card" aria-labelledby="pad-heading">
      <h2 id="pad-heading" class="unseen">${T.read.pad}</h2>
      <${Pad} asking=${asking} classes=${known?.classes} />
    </section>
    <${Answer} asking=${asking} reader=${known} />
    <${Inside} asking=${asking} id=${reader} reader=${known} />
    <${Sources} asking=${asking} reader=${reader} />
    ${over && html`<p class="drop" role="status">${T.read.drop}</p>`}
  </div>`;
}
