/** @file Other digits to read: from the test set, with its true label, or from a picture. */
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "../texts.js";

/** @param {{ asking: import("./asking.js").Asking, reader: string | null }} props */
export function Sources({ asking, reader }) {
  const test = useStore((s) => s.about?.data.test ?? 10000);
  const [typed, setTyped] = useState("");
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => setTyped(asking.index === null ? "" : String(asking.index)), [asking.index]);
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.trim() !== "") void asking.readTest(Number(typed));
  };
  return html`<section class="sources card" aria-labelledby="sources-heading">
    <h2 id="sources-heading">${T.read.others}</h2>
    <button type="button" disabled=${reader === null} onClick=${() => asking.readTest(null)}>${T.read.random}</button>
    <form onSubmit=${show}>
      <label><span>${T.read.index}</span>
        <input
          type="number"
          min="0"
          max=${test - 1}
          step="1"
          placeholder=${T.read.indexHelp(test)}
          value=${typed}
          disabled=${reader === null}
          onInput=${(/** @type {Event} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.target).value)}
        />
      </label>
      <button type="submit" disabled=${reader === null || typed.trim() === ""}>${T.read.show}</button>
    </form>
    <div class="file">
      <input
        ref=${file}
        id="picture"
        class="unseen"
        type="file"
        accept="image/png,image/jpeg,image/webp,image/bmp,image/gif"
        disabled=${reader === null}
        onChange=${(/** @type {Event} */ event) => {
          const input = /** @type {HTMLInputElement} */ (event.target);
          if (input.files?.[0]) void asking.readFile(input.files[0]);
          input.value = "";
        }}
      />
      <label class="button" for="picture">${T.read.open}</label>
      <small>${T.read.openHelp}</small>
    </div>
  </section>`;
}
