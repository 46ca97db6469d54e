/** @file The settings: a form made from the recipe's own table. While a training is under way, it shows that one's. */
import { linkTo, writeAddress } from "../kit/address.js";
import { unbroken } from "../kit/format.js";
import { html, onValue, useState } from "../kit/lib.js";
import { addressOf, asText, asValue, textsOf, useExperiment } from "../kit/settings.js";
import { current, isUnderWay, set, useParts, useStore } from "../kit/store.js";
import { control } from "../kit/wish.js";
import { T } from "../texts.js";
import { Field } from "./field.js";

/** @import { Setting } from "../kit/types.js" */

/** @type {[keyof typeof T.settings.groups, string[]][]} */
const GROUPS = [
  ["network", ["layers", "activation", "initializer"]],
  ["step", ["optimizer", "learning_rate", "momentum", "beta1", "beta2", "weight_decay", "batch_size"]],
  ["schedule", ["schedule", "decay", "decay_every", "warmup"]],
  ["course", ["epochs", "validation", "patience", "keep", "seed"]],
];
const GROUPED = GROUPS.flatMap(([, names]) => names);

/** @param {{ wide?: boolean }} props  wide: on the first screen, in columns and without a choice of recipe */
export function Settings({ wide = false }) {
  const settings = useStore((s) => s.recipes.settings);
  const values = useStore((s) => (isUnderWay(s.training) ? s.training?.values : undefined));
  const running = useStore((s) => s.training?.recipe ?? "");
  const { recipe, texts } = useExperiment();
  const underWay = values !== undefined;
  const change = (/** @type {Setting} */ setting, /** @type {string} */ text) => {
    const { name } = setting;
    if (underWay) return void control("change", { settings: { [name]: asValue(setting, text) } });
    const { [name]: _, ...others } = current().address;
    const same = asText(asValue(setting, text)) === asText(recipe.values[name]);
    set({ trouble: null }); // what was refused is not asked for any more
    writeAddress(same ? others : { ...others, [name]: text.trim() });
  };
  const draw = (/** @type {Setting} */ setting) =>
    html`<${Field}
      key=${setting.name}
      setting=${setting}
      texts=${values ? textsOf(values) : texts}
      inRecipe=${asText(recipe.values[setting.name])}
      underWay=${underWay}
      onChange=${(/** @type {string} */ text) => change(setting, text)}
    />`;
  const rest = settings.map(({ name }) => name).filter((name) => !GROUPED.includes(name));
  const groups = rest.length ? [...GROUPS, /** @type {const} */ (["other", rest])] : GROUPS;
  return html`<div class=${`settings ${wide ? "wide" : ""}`}>
    <div class=${`head ${wide ? "links" : ""}`}>
      ${!wide && html`<h2 id="settings-heading">${T.settings.heading}</h2>`}
      ${!underWay && html`<${AsInRecipe} />`}
      <${CopyLink} />
    </div>
    ${!wide &&
    html`<p class="note">${underWay ? T.settings.ofThis : T.settings.ofNext}</p>
      <${RecipeChoice} recipe=${underWay ? running : recipe.name} disabled=${underWay} />`}
    <div class="groups">
      ${groups.map(
        ([group, names]) => html`<fieldset key=${group}>
          <legend>${T.settings.groups[group]}</legend>
          ${names.map((name) => settings.filter((one) => one.name === name).map(draw))}
        </fieldset>`,
      )}
    </div>
  </div>`;
}

/** @param {{ recipe: string, disabled: boolean }} props */
function RecipeChoice({ recipe, disabled }) {
  const recipes = useStore((s) => s.recipes.recipes);
  const known = recipes.find((one) => one.name === recipe);
  return html`<div class="field">
    <label for="recipe">${T.settings.recipe}</label>
    <select id="recipe" disabled=${disabled} aria-describedby="recipe-about" onChange=${onValue((name) => writeAddress(addressOf(name)))}>
      ${!known && html`<option selected>${recipe}</option>`}
      ${recipes.map(({ name }) => html`<option key=${name} value=${name} selected=${name === recipe}>${name}</option>`)}
    </select>
    <p class="help" id="recipe-about">${unbroken(known?.about ?? "")}</p>
  </div>`;
}

function AsInRecipe() {
  const { recipe, changed, unknown } = useExperiment();
  if (!changed.length && !unknown.length) return null;
  return html`<button class="quiet" type="button" onClick=${() => writeAddress(addressOf(recipe.name))}>${T.settings.reset}</button>`;
}

function CopyLink() {
  const { address } = useParts("address");
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(new URL(linkTo("train", address), location.href).href);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`<button class="quiet" type="button" onClick=${copy}><span role="status">${copied ? T.settings.copied : T.settings.copy}</span></button>`;
}
