/** @file The settings: a form made from the recipe's own table. While a training is under way, it shows that one's. */
import { asText, asValue, experimentOf, linkTo, writeAddress } from "../kit/address.js";
import { unbroken } from "../kit/format.js";
import { html, useState } from "../kit/lib.js";
import { current, isUnderWay, useStore } from "../kit/store.js";
import { control } from "../kit/wish.js";
import { T } from "../texts.js";
import { Field } from "./field.js";

/** @type {[keyof typeof T.settings.groups, string[]][]} */
const GROUPS = [
  ["network", ["layers", "activation", "initializer"]],
  ["step", ["optimizer", "learning_rate", "momentum", "beta1", "beta2", "weight_decay", "batch_size"]],
  ["schedule", ["schedule", "decay", "decay_every", "warmup"]],
  ["course", ["epochs", "validation", "patience", "keep", "seed"]],
];

/** @param {{ wide?: boolean }} props  wide: on the first screen, in columns and without a choice of recipe */
export function Settings({ wide = false }) {
  const recipes = useStore((s) => s.recipes);
  const address = useStore((s) => s.address);
  const values = useStore((s) => (isUnderWay(s.training) ? s.training?.values : undefined));
  const running = useStore((s) => s.training?.recipe ?? "");
  const trouble = useStore((s) => s.trouble);
  if (!recipes) return null;
  const underWay = values !== undefined;
  const { recipe, texts: drafted } = experimentOf(recipes, address);
  /** @type {Record<string, string>} */
  let texts = drafted;
  if (values) {
    texts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asText(value)]));
  }
  const change = (/** @type {string} */ name, /** @type {string} */ text) => {
    const setting = recipes.settings.find((one) => one.name === name);
    if (!setting) return;
    if (underWay) {
      void control("change", { settings: { [name]: asValue(setting, text) } });
      return;
    }
    const { [name]: _, ...others } = current().address;
    const same = asText(asValue(setting, text)) === asText(recipe.values[name]);
    writeAddress(same ? others : { ...others, [name]: text.trim() });
  };
  const grouped = GROUPS.flatMap(([, names]) => names);
  const rest = recipes.settings.map(({ name }) => name).filter((name) => !grouped.includes(name));
  const groups = rest.length ? [...GROUPS, /** @type {const} */ (["other", rest])] : GROUPS;
  const draw = (/** @type {string} */ name) => {
    const setting = recipes.settings.find((one) => one.name === name);
    if (!setting) return null;
    return html`<${Field}
      key=${name}
      setting=${setting}
      texts=${texts}
      inRecipe=${asText(recipe.values[name])}
      underWay=${underWay}
      trouble=${trouble && new RegExp(`\\b${name}\\b`).test(trouble.what) ? trouble : null}
      onChange=${(/** @type {string} */ text) => change(name, text)}
    />`;
  };
  return html`<div class=${`settings ${wide ? "wide" : ""}`}>
    ${wide && html`<div class="head links"><${AsInRecipe} /><${CopyLink} /></div>`}
    ${!wide &&
    html`<div class="head">
        <h2 id="settings-heading">${T.settings.heading}</h2>
        ${!underWay && html`<${AsInRecipe} />`}
        <${CopyLink} />
      </div>
      <p class="note">${underWay ? T.settings.ofThis : T.settings.ofNext}</p>
      <${RecipeChoice} recipe=${underWay ? running : recipe.name} disabled=${underWay} />`}
    <div class="groups">
      ${groups.map(
        ([group, names]) => html`<fieldset key=${group}>
          <legend>${T.settings.groups[group]}</legend>
          ${names.map(draw)}
        </fieldset>`,
      )}
    </div>
  </div>`;
}

/** @param {{ recipe: string, disabled: boolean }} props */
function RecipeChoice({ recipe, disabled }) {
  const recipes = useStore((s) => s.recipes);
  if (!recipes) return null;
  const about = recipes.recipes.find((one) => one.name === recipe)?.about ?? "";
  return html`<div class="field">
    <label for="recipe">${T.settings.recipe}</label>
    <select
      id="recipe"
      disabled=${disabled}
      aria-describedby="recipe-about"
      onChange=${(/** @type {Event} */ event) => {
        const name = /** @type {HTMLSelectElement} */ (event.target).value;
        writeAddress(name === "seed" ? {} : { recipe: name });
      }}
    >
      ${!recipes.recipes.some((one) => one.name === recipe) && html`<option selected>${recipe}</option>`}
      ${recipes.recipes.map(({ name }) => html`<option key=${name} value=${name} selected=${name === recipe}>${name}</option>`)}
    </select>
    <p class="help" id="recipe-about">${unbroken(about)}</p>
  </div>`;
}

function AsInRecipe() {
  const address = useStore((s) => s.address);
  const { recipe, ...changed } = address;
  if (Object.keys(changed).length === 0) return null;
  return html`<button class="quiet" type="button" onClick=${() => writeAddress(recipe ? { recipe } : {})}>${T.settings.reset}</button>`;
}

function CopyLink() {
  const address = useStore((s) => s.address);
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(new URL(linkTo("train", address), location.href).href);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`<button class="quiet" type="button" onClick=${copy}><span role="status">${copied ? T.settings.copied : T.settings.copy}</span></button>`;
}
