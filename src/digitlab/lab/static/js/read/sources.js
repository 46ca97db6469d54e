/** @file Other digits to read: from the test set, with its true label. */
import { html, onValue, useEffect, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { toAnswer } from "./sight.js";
import { T } from "./texts.js";

/** @param {{ asking: import("./asking.js").Asking, reader: string | null }} props */
export function Sources({ asking, reader }) {
  const test = useStore((s) => s.about?.data.test ?? 10000);
  const [typed, setTyped] = useState("");
  useEffect(() => setTyped(asking.index === null ? "" : String(asking.index)), [asking.index]);
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.trim() !== "") void asking.readTest(Number(typed)).then(toAnswer);
  };
  return html`<section class="sources card" aria-labelledby="sources-heading">
    <h2 id="sources-heading">${T.read.others}</h2>
    <button type="button" disabled=${reader === null} onClick=${() => asking.readTest(null).then(toAnswer)}>${T.read.random}</button>
    <form onSubmit=${show}>
      <label><span>${T.read.index}</span>
        <input
          type="number" min="0" max=${test - 1} step="1" placeholder=${T.read.indexHelp(test)}
          value=${typed} disabled=${reader === null} onInput=${onValue(setTyped)}
        />
      </label>
      <button type="submit" disabled=${reader === null || typed.trim() === ""}>${T.read.show}</button>
    </form>
  </section>`;
}
