/** @file What a run was trained with and what was changed on the way, to be read, copied and used again; and its test score. */
import { linkTo } from "../kit/address.js";
import { get } from "../kit/api.js";
import { Copy } from "../kit/copy.js";
import { count, percent, runTitle, sentence } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/lib.js";
import { useTestScore } from "../kit/score.js";
import { addressOf, asText, changesInWords, differing, settingsInWords, textsOf } from "../kit/settings.js";
import { useParts, useStore } from "../kit/store.js";
import { attempt } from "../kit/wish.js";
import { T } from "./texts.js";

/** @import { DataSet, Recipe, Run, RunDetails } from "../kit/types.js" */

/** All about a run; null until it is known, or where it is gone. @param {string | undefined} name  @returns {RunDetails | null} */
export function useDetails(name) {
  const ended = useStore((s) => s.training?.phase);
  const [details, setDetails] = useState(/** @type {RunDetails | null} */ (null));
  useEffect(() => {
    if (name) void attempt(() => get(`runs/${encodeURIComponent(name)}`)).then((found) => found && setDetails(found));
  }, [name, ended]);
  return details;
}

/** @param {{ run: Run }} props */
export function Details({ run }) {
  const { recipes, about } = useParts("recipes", "about");
  const details = useDetails(run.name);
  const parent = useDetails(run.parent?.run);
  const live = useStore((s) => s.training?.run === run.name);
  if (!details) return null;
  const recipe = recipes.recipes.find((one) => one.name === run.recipe) ?? recipes.recipes[0];
  const changes = changesInWords(details.changes);
  const command = run.parent && !parent ? "" : commandOf(details, parent, recipe, about?.data);
  const reader = live ? "live" : `run:${run.name}`;
  const link = linkTo("train", { ...addressOf(recipe.name), ...textsOf(differing(textsOf(details.values), recipe.values)) });
  return html`<div class="details" role="group" aria-label=${T.details.heading(runTitle(run.name))}>
    <dl>
      <dt>${T.settings.heading}</dt><dd>${settingsInWords(details.values)}</dd>
      ${changes && html`<dt>${T.details.changes}</dt><dd>${changes}</dd>`}
      <dt>${T.data.heading}</dt><dd>${details.source}</dd>
      <dt>${T.test.heading}</dt><dd><${Score} key=${live} reader=${reader} /></dd>
      ${command && html`<dt>${T.details.command}</dt><dd><code>${command}</code></dd>`}
    </dl>
    ${command && details.changes.length > 0 && html`<p class="note">${T.details.without}</p>`}
    <div class="do">
      ${command && html`<${Copy} kind="small" words=${T.details.copyCommand} text=${() => command} />`}
      <${Copy} kind="small" words=${T.settings.copy} text=${() => new URL(link, location.href).href} />
      ${changes && html`<${Copy} kind="small" words=${T.details.copyChanges} text=${() => changes} />`}
      <a class="button small" href=${link}>${T.details.use}</a>
      <a class="button small" href=${linkTo("inside", { reader })}>${T.details.inside}</a>
      <a class="button small" href=${linkTo("judge", { reader })}>${T.details.judge}</a>
    </div>
  </div>`;
}

/** @param {{ reader: string }} props */
function Score({ reader }) {
  const { score, trouble } = useTestScore(reader);
  if (trouble) return html`${sentence(trouble.what)}`;
  return html`${score ? T.test.score(percent(score.accuracy), count(score.count)) : "–"} <small>${T.test.warning}</small>`;
}

/**
 * The command that trains the same from the beginning: a recipe, or where a branch began, and what differs from it.
 * @param {RunDetails} run
 * @param {RunDetails | null} parent
 * @param {Recipe} recipe
 * @param {DataSet} [data]  the lab's
 */
function commandOf(run, parent, recipe, data) {
  const from = parent ? `--from ${quoted(`${parent.name}@${run.parent?.epoch}`)}` : recipe.name;
  const flags = Object.entries(differing(textsOf(run.values), (parent ?? recipe).values)).map(([name, value]) => `--${name.replaceAll("_", "-")} ${asText(value)}`);
  const other = data && data.name !== "mnist" && data.source === run.source ? [`--data ${quoted(data.name)}`] : [];
  return ["digitlab train", from, ...flags, ...other].join(" ");
}

/** As a shell takes it. @param {string} text */
const quoted = (text) => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
