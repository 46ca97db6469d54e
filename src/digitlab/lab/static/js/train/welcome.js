/** @file The first screen: what will happen, in one sentence and one picture, and one button. */
import { linkTo, writeAddress } from "../kit/address.js";
import { unbroken } from "../kit/format.js";
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { addressOf, byGroup, useExperiment } from "../kit/settings.js";
import { useParts } from "../kit/store.js";
import { startTraining } from "../kit/wish.js";
import { T } from "./texts.js";
import { Diagram } from "./diagram.js";
import { Mistakes } from "./field.js";
import { Settings } from "./settings.js";

export function Welcome() {
  const { recipes, about } = useParts("recipes", "about");
  const { recipe, texts, changed } = useExperiment();
  const [busy, setBusy] = useState(false);
  const begun = useRef(false);
  useEffect(() => () => void (begun.current && setTimeout(focusControls)), []); // the button that was pressed is gone then
  const start = async () => {
    setBusy(true);
    begun.current = true;
    if (await startTraining(recipe, texts)) return;
    begun.current = false;
    setBusy(false);
  };
  const [[, everyday], ...groups] = byGroup(recipes.recipes);
  return html`<section class="welcome" aria-labelledby="welcome-title">
      <div class="invitation">
        <h1 id="welcome-title">${T.welcome.title}</h1>
        <p class="lead">${T.welcome.lead(about?.data.training ?? 60000)}</p>
        <button class="primary huge" type="button" disabled=${busy} onClick=${start}>${T.welcome.start}</button>
        <${Mistakes} />
        <p class="note"><a href=${linkTo("read")}>${T.welcome.read}</a></p>
      </div>
      <${Diagram} layers=${texts.layers} />
    </section>
    <fieldset class="recipes">
      <legend>${T.welcome.recipes}</legend>
      <${Cards} recipes=${everyday} chosen=${recipe} />
      ${groups.map(
        ([group, members]) => html`<details key=${group} class="group" open=${members.includes(recipe)}>
          <summary><span>${group}</span><small>${members.includes(recipe) ? recipe.name : T.welcome.count(members.length)}</small></summary>
          <${Cards} recipes=${members} chosen=${recipe} />
        </details>`,
      )}
    </fieldset>
    <details class="change card" open=${changed.length > 0}>
      <summary><span>${T.welcome.settings}</span><small>${T.welcome.changed(changed.length)}</small></summary>
      <${Settings} wide />
    </details>`;
}

/** @param {{ recipes: import("../kit/types.js").Recipe[], chosen: import("../kit/types.js").Recipe }} props */
const Cards = ({ recipes, chosen }) => html`<div class="cards">
  ${recipes.map(
    ({ name, about, published }) => html`<label key=${name} class="recipe card">
      <input type="radio" name="recipe" value=${name} checked=${name === chosen.name} onChange=${() => writeAddress(addressOf(name))} />
      <span><strong>${name}</strong>${unbroken(about)}${published !== null && html`<small>${T.welcome.published(published)}</small>`}</span>
    </label>`,
  )}
</div>`;

/** Whoever began by keyboard goes on from there. */
const focusControls = () => /** @type {HTMLElement | null} */ (document.querySelector(".controls button"))?.focus({ preventScroll: true });
