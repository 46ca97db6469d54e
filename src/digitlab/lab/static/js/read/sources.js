/** @file Other digits to read: from the test set, with its true label, or from a picture. */
import { html, onValue, useEffect, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { T } from "../texts.js";
import { KINDS } from "./asking.js";

/** @param {{ asking: import("./asking.js").Asking, reader: string | null }} props */
export function Sources({ asking, reader }) {
  const test = useStore((s) => s.about?.data.test ?? 10000);
  const [typed, setTyped] = useState("");
  useEffect(() => setTyped(asking.index === null ? "" : String(asking.index)), [asking.index]);
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.trim() !== "") void asking.readTest(Number(typed)).then(toAnswer);
  };
  const open = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.files?.[0]) void asking.readFile(input.files[0]).then(toAnswer);
    input.value = "";
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
    <div class="file">
      <input
        id="picture" class="unseen" type="file" accept=${KINDS.join(",")}
        disabled=${reader === null} onChange=${open}
      />
      <label class="button" for="picture">${T.read.open}</label>
      <small>${T.read.openHelp}</small>
    </div>
  </section>`;
}

/** On a phone it is above all this. */
const toAnswer = () => document.querySelector(".answer .winner")?.scrollIntoView({ block: "nearest" });
