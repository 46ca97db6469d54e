/** @file A page that reads what is drawn on it, by a network that it carries. See docs/how-to/one-html-file.md. */
import { html, render, useEffect, useState } from "../../lab/static/js/kit/lib.js";
import { watchTheme } from "../../lab/static/js/kit/theme.js";
import { Answer } from "../../lab/static/js/read/answer.js";
import { Pad } from "../../lab/static/js/read/pad.js";
import { toAnswer } from "../../lab/static/js/read/sight.js";
import { T as lab } from "../../lab/static/js/read/texts.js";
import { PageSheet } from "./page_sheet.js";
import { Reader } from "./reader.js";
import { T } from "./texts.js";
import { Why } from "./why.js";

/** @import { Model } from "./reader.js" */

/** @param {{ model: Model, reader: Reader, sheet: PageSheet }} props */
function Page({ model, reader, sheet }) {
  const [, draw] = useState(0);
  const [over, setOver] = useState(false);
  const digits = model.rejection !== null;
  const open = (/** @type {Blob | undefined} */ file) => file && sheet.readFile(file).then(toAnswer);
  useEffect(() => {
    const paste = (/** @type {ClipboardEvent} */ event) => open(event.clipboardData?.files[0]);
    document.addEventListener("paste", paste);
    const end = sheet.begin(() => draw((n) => n + 1));
    return () => {
      document.removeEventListener("paste", paste);
      end();
    };
  }, []);
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    open(event.dataTransfer?.files[0]);
  };
  const enter = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(true);
  };
  const leave = (/** @type {DragEvent} */ event) => event.currentTarget === event.target && setOver(false);
  return html`<main class=${`page ${over ? "over" : ""}`} onDragOver=${enter} onDragLeave=${leave} onDrop=${drop}>
    <header>
      <h1>${model.title}</h1>
      <p>${T.lead(digits)}</p>
    </header>
    <section class="drawing card" aria-labelledby="pad-heading">
      <h2 id="pad-heading" class="unseen">${lab.read.pad}</h2>
      <${Pad} asking=${sheet} classes=${model.classes} />
      <p class="open"><${FileButton} onFile=${open} /><span class="note">${digits ? T.openHelp : T.openHelpOther}</span></p>
      <p class="error" role="alert">${sheet.refused && T.refused}</p>
    </section>
    <${Answer} asking=${sheet} reader=${model} />
    <${Why} reading=${sheet.reading} reader=${reader} />
    <section class="known card" aria-labelledby="known-heading">
      <h2 id="known-heading">${T.about}</h2>
      <dl>${Object.entries(model.facts).map(([name, words]) => html`<dt key=${name}>${name}</dt><dd>${words}</dd>`)}</dl>
      <p class="note">${T.made(model.version)}</p>
    </section>
    ${over && html`<p class="drop" role="status">${lab.read.drop}</p>`}
  </main>`;
}

/** @param {{ onFile: (file: Blob | undefined) => void }} props */
function FileButton({ onFile }) {
  const choose = (/** @type {Event} */ event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    onFile(field.files?.[0]);
    field.value = ""; // the same file may be opened again
  };
  return html`<label class="button"><input class="unseen" type="file" accept="image/*" onChange=${choose} />${T.open}</label>`;
}

/** @param {string} id */
const textOf = (id) => document.getElementById(id)?.textContent ?? "";

watchTheme();
/** @type {Model} */
const model = JSON.parse(textOf("model"));
Reader.of(model, textOf("weights").trim().split(/\s+/)).then((reader) => {
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  page.replaceChildren();
  render(html`<${Page} model=${model} reader=${reader} sheet=${new PageSheet(reader)} />`, page);
});
