/** @file The settings: a form made from the recipe's own table. While a training is under way, it shows that one's. */
import { linkTo, writeAddress } from "../kit/address.js";
import { Copy } from "../kit/copy.js";
import { unbroken } from "../kit/format.js";
import { html, onValue, useEffect, useState } from "../kit/lib.js";
import { addressOf, asText, asValue, byGroup, inUse, textsOf, useExperiment } from "../kit/settings.js";
import { current, isUnderWay, set, useStore } from "../kit/store.js";
import { control } from "../kit/wish.js";
import { T } from "./texts.js";
import { Distorted } from "./distorted.js";
import { Field } from "./field.js";

/** @import { Setting } from "../kit/types.js" */

const BESIDE = ["preprocessing", "seed"]; // the distortions, these decide how a digit looks

/** @param {{ wide?: boolean }} props  wide: on the first screen, in columns and without a choice of recipe */
export function Settings({ wide = false }) {
  const settings = useStore((s) => s.recipes.settings);
  const values = useStore((s) => (isUnderWay(s.training) ? s.training?.values : undefined));
  const running = useStore((s) => s.training?.recipe ?? "");
  const { recipe, texts } = useExperiment();
  const underWay = values !== undefined;
  const others = settings.filter(({ name }) => BESIDE.includes(name));
  const shown = values ? textsOf(values) : texts;
  const [typed, setTyped] = useState(/** @type {import("../kit/settings.js").Texts} */ ({})); // and not yet taken
  useEffect(() => setTyped({}), [texts]);
  const coming = underWay ? shown : { ...shown, ...typed };
  const change = (/** @type {Setting} */ setting, /** @type {string} */ text) => {
    const { name } = setting;
    if (underWay) return void control("change", { settings: { [name]: asValue(setting, text) } });
    const { [name]: _, ...others } = current().address;
    const same = asText(asValue(setting, text)) === asText(recipe.values[name]);
    set({ trouble: null }); // what was refused is not asked for any more
    writeAddress(same ? others : { ...others, [name]: text.trim() });
  };
  const foresee = (/** @type {string} */ name, /** @type {string} */ text) =>
    setTyped((all) => (text === (all[name] ?? shown[name]) ? all : { ...all, [name]: text }));
  const draw = (/** @type {Setting} */ setting) =>
    html`<${Field}
      key=${setting.name}
      setting=${setting}
      texts=${shown}
      inRecipe=${asText(recipe.values[setting.name])}
      underWay=${underWay}
      onPause=${(/** @type {string} */ text) => foresee(setting.name, text)}
      onChange=${(/** @type {string} */ text) => change(setting, text)}
    />`;
  return html`<div class=${`settings ${wide ? "wide" : ""}`}>
    <div class=${`head ${wide ? "links" : ""}`}>
      ${!wide && html`<h2 id="settings-heading">${T.settings.heading}</h2>`}
      ${!underWay && html`<${AsInRecipe} />`}
      <${Copy} kind="quiet" words=${T.settings.copy} text=${() => new URL(linkTo("train", current().address), location.href).href} />
    </div>
    ${!wide &&
    html`<p class="note">${underWay ? T.settings.ofThis : T.settings.ofNext}</p>
      <${RecipeChoice} recipe=${underWay ? running : recipe.name} disabled=${underWay} />`}
    <div class="groups">
      ${byGroup(settings).map(([group, members]) => {
        const used = inUse(members, coming);
        const distorts = used && members.some(({ name }) => name === "rotation");
        return html`<${Group} key=${`${group} ${underWay ? running : recipe.name}`} title=${group} used=${used}>
          ${distorts && html`<${Distorted} settings=${[...members, ...others]} texts=${coming} />`}
          ${members.map(draw)}
        <//>`;
      })}
    </div>
  </div>`;
}

/**
 * Settings under their heading. Those of which none does anything are closed, until somebody opens them.
 * @param {{ title: string, used: boolean, children?: any }} props
 */
function Group({ title, used, children }) {
  const [open, setOpen] = useState(used);
  useEffect(() => void (used && setOpen(true)), [used]); // it does not close while one of them is being changed
  return html`<details class="group" open=${open}>
    <summary><span>${title}</span>${!used && html`<small>${T.settings.unused}</small>`}</summary>
    ${children}
  </details>`;
}

/** @param {{ recipe: string, disabled: boolean }} props */
function RecipeChoice({ recipe, disabled }) {
  const recipes = useStore((s) => s.recipes.recipes);
  const known = recipes.find((one) => one.name === recipe);
  return html`<div class="field">
    <label for="recipe">${T.settings.recipe}</label>
    <select id="recipe" disabled=${disabled} aria-describedby="recipe-about" onChange=${onValue((name) => writeAddress(addressOf(name)))}>
      ${!known && html`<option selected>${recipe}</option>`}
      ${byGroup(recipes).map(
        ([group, members]) => html`<optgroup key=${group} label=${group}>
          ${members.map(({ name }) => html`<option key=${name} value=${name} selected=${name === recipe}>${name}</option>`)}
        </optgroup>`,
      )}
    </select>
    <p class="help" id="recipe-about">
      ${unbroken(known?.about ?? "")} ${known && known.published !== null && T.settings.published(known.published, known.source)}
    </p>
  </div>`;
}

function AsInRecipe() {
  const { recipe, changed, unknown } = useExperiment();
  if (!changed.length && !unknown.length) return null;
  return html`<button class="quiet" type="button" onClick=${() => writeAddress(addressOf(recipe.name))}>${T.settings.reset}</button>`;
}
