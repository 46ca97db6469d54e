/** @file One setting: its field, its one line of help, and on request the reason for its value and its bounds. */
import { html, onValue, useEffect, useLater, useState } from "../kit/lib.js";
import { applies, titleOf, useExperiment, wrong } from "../kit/settings.js";
import { set, useStore } from "../kit/store.js";
import { T } from "./texts.js";

const PAUSE = 200; // milliseconds in which nobody types

/**
 * @param {{
 *   setting: import("../kit/types.js").Setting, texts: import("../kit/settings.js").Texts, inRecipe: string,
 *   underWay: boolean, onPause: (text: string) => void, onChange: (text: string) => void,
 * }} props  onPause: told a value that could be taken, when whoever types it pauses
 */
export function Field({ setting, texts, inRecipe, underWay, onPause, onChange }) {
  const { name, help, live } = setting;
  const choice = setting.kind === "choice";
  const [typed, setTyped] = useState(texts[name]);
  const [open, setOpen] = useState(false);
  const refused = useStore((s) => (s.trouble && new RegExp(`\\b${name}\\b`).test(s.trouble.what) ? s.trouble : null));
  useEffect(() => setTyped(texts[name]), [texts[name], underWay]);
  useLater(() => void (wrong(setting, typed) || onPause(typed)), PAUSE, [typed]);
  if (!applies(setting, texts)) return null;
  const title = titleOf(name);
  const locked = underWay && !live;
  const mistake = locked ? "" : wrong(setting, typed);
  const take = (/** @type {string} */ text) => {
    setTyped(text);
    if (text !== texts[name] && !(underWay && wrong(setting, text))) onChange(text);
  };
  const type = (/** @type {string} */ text) => {
    setTyped(text);
    if (refused) set({ trouble: null }); // of the value before
    if (wrong(setting, texts[name]) && !wrong(setting, text)) take(text); // what it was refused for is gone at once
  };
  const id = `set-${name}`;
  const told = refused && typed === texts[name] ? [refused.what, refused.must_be && T.mustBe(refused.must_be)].filter(Boolean).join(": ") : "";
  const error = mistake ? T.mustBe(mistake) : told;
  const shared = {
    id,
    name,
    disabled: locked,
    "aria-describedby": `${id}-help${error ? ` ${id}-error` : ""}`,
    "aria-invalid": error ? "true" : undefined,
    onChange: onValue(take),
  };
  const different = !underWay && texts[name] !== inRecipe;
  return html`<div class=${`field ${different ? "different" : ""} ${underWay && live ? "live" : ""}`}>
    <label for=${id}>${title}${T.setting.units[name] && html` <small>${T.setting.units[name]}</small>`}</label>
    <button
      class="why" type="button" aria-label=${T.settings.why(title)} onClick=${() => setOpen(!open)}
      aria-expanded=${String(open)} aria-controls=${`${id}-why`}
    >?</button>
    ${choice
      ? html`<select ...${shared}>
          ${Object.keys(setting.choices).map((one) => html`<option key=${one} value=${one} selected=${one === typed}>${one}</option>`)}
        </select>`
      : html`<input
          ...${shared} type="text" autocomplete="off" spellcheck=${false} value=${typed} onInput=${onValue(type)}
          inputmode=${setting.kind === "layer sizes" ? "text" : setting.kind === "number" ? "decimal" : "numeric"}
        />`}
    <p class="help" id=${`${id}-help`}>${choice ? (setting.choices[typed] ?? help) : help}</p>
    <div class="reason" id=${`${id}-why`} hidden=${!open}>
      ${choice && html`<p>${help}</p>`}
      <p>${setting.why}</p>
      ${choice
        ? html`<dl>${Object.entries(setting.choices).map(([one, says]) => html`<div key=${one}><dt>${one}</dt><dd>${says}</dd></div>`)}</dl>`
        : !mistake && html`<p>${T.settings.bounds(setting.must_be)}</p>`}
      ${different && html`<p>${T.settings.recipeValue(inRecipe)}</p>`}
    </div>
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/** Beside the button that begins: what it would be refused for, wherever the field is, and what of a link is left out. */
export function Mistakes() {
  const settings = useStore((s) => s.recipes.settings);
  const { texts, unknown } = useExperiment();
  const found = settings.filter((setting) => applies(setting, texts) && wrong(setting, texts[setting.name]));
  return html`${found.length > 0 &&
    html`<p class="error mistakes">${found.map(({ name, must_be }) => `${titleOf(name)} ${T.mustBe(must_be)}.`).join(" ")}</p>`}
    ${unknown.length > 0 && html`<p class="note mistakes">${T.settings.unknown(unknown)}</p>`}`;
}
