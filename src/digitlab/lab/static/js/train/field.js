/** @file One setting: its field, its one line of help, and on request the reason for its value and its bounds. */
import { applies, mistakes, wrong } from "../kit/address.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { T } from "../texts.js";

/**
 * @param {{
 *   setting: import("../kit/types.js").Setting, texts: Record<string, string>, inRecipe: string, underWay: boolean,
 *   trouble: import("../kit/types.js").Trouble | null, onChange: (text: string) => void,
 * }} props
 */
export function Field({ setting, texts, inRecipe, underWay, trouble, onChange }) {
  const { name, help, live } = setting;
  const [typed, setTyped] = useState(texts[name]);
  const [open, setOpen] = useState(false);
  useEffect(() => setTyped(texts[name]), [texts[name], underWay]);
  if (!applies(setting, texts)) return null;
  const title = T.settings.names[name] ?? name.replaceAll("_", " ");
  const locked = underWay && !live;
  const mistake = locked ? "" : wrong(setting, typed);
  const take = (/** @type {string} */ text) => {
    setTyped(text);
    if (text !== texts[name] && !(underWay && wrong(setting, text))) onChange(text);
  };
  const id = `set-${name}`;
  const error = mistake ? T.mustBe(mistake) : trouble ? `${trouble.what}: ${T.mustBe(trouble.must_be)}` : "";
  const shared = {
    id,
    name,
    disabled: locked,
    "aria-describedby": `${id}-help${error ? ` ${id}-error` : ""}`,
    "aria-invalid": error ? "true" : undefined,
  };
  const different = !underWay && texts[name] !== inRecipe;
  return html`<div class=${`field ${different ? "different" : ""} ${underWay && live ? "live" : ""}`}>
    <label for=${id}>${title}${T.settings.units[name] && html` <small>${T.settings.units[name]}</small>`}</label>
    <button
      class="why"
      type="button"
      aria-expanded=${open ? "true" : "false"}
      aria-controls=${`${id}-why`}
      aria-label=${T.settings.why(title)}
      onClick=${() => setOpen(!open)}
    >
      ?
    </button>
    ${setting.kind === "choice"
      ? html`<select ...${shared} onChange=${(/** @type {Event} */ e) => take(/** @type {HTMLSelectElement} */ (e.target).value)}>
          ${Object.keys(setting.choices).map((one) => html`<option key=${one} value=${one} selected=${one === typed}>${one}</option>`)}
        </select>`
      : html`<input
          ...${shared}
          type="text"
          inputmode=${setting.kind === "layer sizes" ? "text" : setting.kind === "number" ? "decimal" : "numeric"}
          autocomplete="off"
          spellcheck=${false}
          value=${typed}
          onInput=${(/** @type {Event} */ e) => setTyped(/** @type {HTMLInputElement} */ (e.target).value)}
          onChange=${(/** @type {Event} */ e) => take(/** @type {HTMLInputElement} */ (e.target).value)}
        />`}
    <p class="help" id=${`${id}-help`}>${setting.kind === "choice" ? (setting.choices[typed] ?? help) : help}</p>
    <div class="reason" id=${`${id}-why`} hidden=${!open}>
      ${setting.kind === "choice" && html`<p>${help}</p>`}
      <p>${setting.why}</p>
      ${setting.kind === "choice"
        ? html`<dl>${Object.entries(setting.choices).map(([one, says]) => html`<div key=${one}><dt>${one}</dt><dd>${says}</dd></div>`)}</dl>`
        : !mistake && html`<p>${T.settings.bounds(setting.must_be)}</p>`}
      ${different && html`<p>${T.settings.recipeValue(inRecipe)}</p>`}
    </div>
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/**
 * Beside the button that begins: what it would be refused for, wherever the field is.
 * @param {{ recipes: import("../kit/types.js").Recipes, texts: Record<string, string> }} props
 */
export function Mistakes({ recipes, texts }) {
  const found = mistakes(recipes, texts);
  if (found.length === 0) return null;
  return html`<p class="error mistakes">${found.map(([name, must]) => `${T.settings.names[name] ?? name} ${T.mustBe(must)}.`).join(" ")}</p>`;
}
