/** @file What the network sees, and its hidden units lighting up. */
import { linkTo } from "../kit/address.js";
import { html, useEffect, useRef } from "../kit/lib.js";
import { paintPixels } from "../kit/pixels.js";
import { useParts } from "../kit/store.js";
import { lights, MOST_UNITS, Weights } from "../kit/weights.js";
import { T } from "./texts.js";

/** @param {{ asking: import("./asking.js").Asking, id: string | null, reader?: import("../kit/types.js").Reader }} props */
export function Inside({ asking, id, reader }) {
  const { theme } = useParts("theme");
  const seen = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const reading = asking.reading?.blank ? null : asking.reading;
  const pixels = reading?.pixels ?? "";
  useEffect(() => void (seen.current && paintPixels(seen.current, pixels)), [pixels, theme]);
  const [hidden = 0] = (reader?.sizes ?? [784, 64, 10]).slice(1, -1);
  const light = lights(reading?.hidden[0] ?? [], Math.min(hidden, MOST_UNITS));
  const picture = asking.index !== null ? String(asking.index) : asking.strokes.length ? "drawing" : null; // a file is not looked into
  return html`<section class="sees card" aria-labelledby="sees-heading">
      <h2 id="sees-heading">${T.read.sees}</h2>
      <canvas ref=${seen} width="28" height="28" role="img" aria-label=${T.read.seesLabel}></canvas>
      <p class="note">${T.read.seesHelp}</p>
    </section>
    ${hidden > 0 &&
    html`<section class="units card" aria-labelledby="units-heading">
      <h2 id="units-heading">${T.read.hidden}</h2>
      <${Weights}
        reader=${id}
        units=${hidden}
        columns=${hidden > 64 ? 16 : Math.min(8, hidden)}
        light=${light}
        label=${T.read.hiddenLabel(light.filter((one) => one > 0.5).length, hidden)}
      />
      <p>${picture === null ? "\u00a0" : html`<a href=${linkTo("inside", { reader: id ?? "", picture })}>${T.read.lookInside}</a>`}</p>
      <p class="note">${T.read.hiddenHelp}${hidden > MOST_UNITS && ` ${T.weights.some(MOST_UNITS, hidden)}`}</p>
    </section>`}`;
}
