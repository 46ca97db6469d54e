/** @file Why a digit is read as it is: a sentence, and its picture after each step of preparing it, side by side. */
import { ask } from "../kit/api.js";
import { percent, sentence } from "../kit/format.js";
import { html, useState } from "../kit/lib.js";
import { Picture } from "../kit/picture.js";
import { set } from "../kit/store.js";
import { attempt } from "../kit/wish.js";
import { T } from "./texts.js";

/** @import { WhyReading, WhyStep } from "../kit/types.js" */
/** @import { Photo } from "./photo.js" */
/** @import { Box } from "./marks.js" */

const AROUND = 0.2; // of the box: the paper that is cut out with a digit
const LONGEST = 600; // pixels of what is sent

/** @param {{ photo: Photo, box: Box }} props  for another box, of another `key` */
export function Why({ photo, box }) {
  const [why, setWhy] = useState(/** @type {WhyReading | null} */ (null));
  const [busy, setBusy] = useState(false);
  const find = async () => {
    setBusy(true);
    const body = await cutOut(photo, box).catch(() => null);
    const options = { method: "POST", headers: { "content-type": "image/png" }, body };
    if (body) setWhy(await attempt(async () => (await ask(`why?reader=${encodeURIComponent(photo.reader ?? "")}`, options)).json()));
    else set({ trouble: T.why.cannotCut });
    setBusy(false);
  };
  return html`<button class="small" type="button" disabled=${busy} onClick=${find}>${busy ? T.photo.busy : T.why.ask}</button>
    ${why &&
    html`<div class="reasons">
      <p role="status">${sentence(why.sentence)}.</p>
      <${Steps} name=${T.why.steps} steps=${why.steps} />
      <${Steps} name=${T.why.changes} steps=${why.changes} />
    </div>`}`;
}

/** @param {{ name: string, steps: WhyStep[] }} props */
const Steps = ({ name, steps }) => html`<ol aria-label=${name}>${steps.map((step) => html`<${Step} key=${step.name} step=${step} />`)}</ol>`;

/** @param {{ step: WhyStep }} props */
const Step = ({ step }) => html`<li class=${step.changes ? "other" : ""} title=${step.what}>
  <${Picture} pixels=${step.pixels} label=${step.what} />
  <b>${step.digit}${step.changes && html`<span class="unseen"> ${T.why.other}</span>`}</b>
  <small>${percent(step.probability, 0)}</small>
  <small class="name">${step.name}</small>
</li>`;

/** A digit as a picture of its own, upright. @param {Photo} photo  @param {Box} box  @returns {Promise<Blob | null>} */
async function cutOut({ file, reading }, [left, top, width, height]) {
  const image = await createImageBitmap(/** @type {File} */ (file));
  const [wide, high, turn] = [image.width, image.height, reading?.turn ?? 0];
  const [across, down] = turn % 180 ? [high, wide] : [wide, high];
  const around = AROUND * Math.max(width, height);
  const [x, y] = [Math.max(0, left - around), Math.max(0, top - around)];
  const size = [Math.min(across, left + width + around) - x, Math.min(down, top + height + around) - y];
  const scale = Math.min(1, LONGEST / Math.max(...size));
  const canvas = new OffscreenCanvas(Math.ceil(scale * size[0]), Math.ceil(scale * size[1]));
  const painter = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  painter.scale(scale, scale);
  painter.translate(-x, -y);
  if (turn === 90) painter.transform(0, 1, -1, 0, high, 0);
  if (turn === 180) painter.transform(-1, 0, 0, -1, wide, high);
  if (turn === 270) painter.transform(0, -1, 1, 0, 0, wide);
  painter.drawImage(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
