/**
 * @file The settings of a training as texts: as an address holds them and a person types them, as the server wants them, and
 * what is wrong with them. An address names a recipe and what differs from it, so an experiment is a link.
 */
import { T } from "../texts.js";
import { useMemo } from "./lib.js";
import { current, useParts } from "./store.js";

/** @import { Change, Recipe, Recipes, Setting, Value } from "./types.js" */
/** @typedef {Record<string, string>} Texts  values as a person types them, by the names of their settings */

const FIRST = "seed"; // the recipe of an address that names none

/**
 * What the address asks for: a recipe, all settings, the names of those that differ from the recipe's, and what the lab
 * does not know.
 * @returns {{ recipe: Recipe, texts: Texts, changed: string[], unknown: string[] }}
 */
export function useExperiment() {
  const { recipes, address } = useParts("recipes", "address");
  return useMemo(() => experimentOf(recipes, address), [recipes, address]);
}

/** @param {Recipes} recipes  @param {Texts} address */
function experimentOf({ recipes, settings }, { recipe: asked = FIRST, ...given }) {
  const named = (/** @type {string} */ name) => recipes.find((one) => one.name === name);
  const recipe = named(asked) ?? named(FIRST) ?? recipes[0];
  const texts = { ...textsOf(recipe.values), ...given };
  const names = settings.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (recipe.name !== asked) unknown.unshift(asked);
  return { recipe, texts, changed: names.filter((name) => texts[name] !== asText(recipe.values[name])), unknown };
}

/** The address of a recipe with nothing changed. @param {string} [recipe]  @returns {Texts} */
export const addressOf = (recipe = FIRST) => (recipe === FIRST ? {} : { recipe });

/** @param {string} name */
export const settingNamed = (name) => current().recipes.settings.find((one) => one.name === name);

/** What a person calls a setting. @param {string} name */
export const titleOf = (name) => T.setting.names[name] ?? name.replace(/^./, (letter) => letter.toUpperCase()).replaceAll("_", " ");

/** @param {Value} value */
export const asText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

/** @param {Record<string, Value>} values  @returns {Texts} */
export const textsOf = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asText(value)]));

/** Those that matter, with their values; of a group that is off, none. @param {Record<string, Value>} values */
export function settingsInWords(values) {
  const texts = textsOf(values);
  const groups = byGroup(current().recipes.settings).filter(([, members]) => inUse(members, texts));
  const used = groups.flatMap(([, members]) => members.filter((one) => applies(one, texts)));
  return used.map(({ name }) => `${titleOf(name)} ${texts[name]}`).join(" · ");
}

/** What was changed on the way. @param {Change[]} changes */
export const changesInWords = (changes) =>
  changes.map(({ name, value, epoch }) => T.setting.changed(titleOf(name), asText(value), epoch)).join(" · ");

/**
 * What was typed as what the server wants. What is no number goes as it is: the server says what is wrong with it.
 * @param {Setting} setting
 * @param {string} text
 * @returns {Value}
 */
export function asValue(setting, text) {
  if (setting.kind === "choice") return text;
  if (setting.kind === "layer sizes") return layerSizes(text) ?? text;
  const decimal = setting.kind === "number" ? text.replace(",", ".") : text; // of whole numbers 1,000 is not 1
  const number = Number(decimal.trim());
  return text.trim() === "" || !Number.isFinite(number) ? text : number;
}

/** Of some settings those that differ from these values, as the server wants them. @param {Texts} texts  @param {Record<string, Value>} values */
export function differing(texts, values) {
  /** @type {Record<string, Value>} */
  const found = {};
  for (const setting of current().recipes.settings.filter(({ name }) => name in texts)) {
    const value = asValue(setting, texts[setting.name]);
    if (asText(value) !== asText(values[setting.name])) found[setting.name] = value;
  }
  return found;
}

/**
 * The sizes in a text such as `784, 64, 10` or `784-64-10`; null where a part of it is no whole number.
 * @param {string} text
 */
export function layerSizes(text) {
  const parts = text.split(/[\s,;]+|(?<=\d)-(?=\d)/).filter(Boolean);
  const sizes = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  return sizes.length && sizes.every(Number.isSafeInteger) ? sizes : null;
}

/**
 * Settings or recipes under their headings, in the server's order.
 * @template {{ group: string }} One
 * @param {One[]} all
 * @returns {[string, One[]][]}
 */
export const byGroup = (all) => [...new Set(all.map(({ group }) => group))].map((group) => [group, all.filter((one) => one.group === group)]);

/** Whether any of these settings does anything: one that is 0 is off. @param {Setting[]} settings  @param {Texts} texts */
export const inUse = (settings, texts) => settings.some((one) => applies(one, texts) && Number(texts[one.name]) !== 0);

/** Whether a setting matters, given the others. @param {Setting} setting  @param {Texts} texts */
export function applies({ applies: where }, texts) {
  if (!where) return true;
  const text = texts[where.setting];
  return where.values.length ? where.values.map(asText).includes(text) : Number(text) > 0;
}

/** What is wrong with a value, in the server's own words; empty where nothing is. @param {Setting} setting  @param {string} text */
export function wrong(setting, text) {
  const value = asValue(setting, text);
  const { kind, choices, low = -Infinity, high = Infinity, above, below } = setting;
  const inside = (/** @type {number} */ number) => (above ? number > low : number >= low) && (below ? number < high : number <= high);
  const fits =
    kind === "choice"
      ? choices[text] !== undefined
      : kind === "layer sizes"
        ? Array.isArray(value) && value.length >= 2 && !value.includes(0)
        : typeof value === "number" && inside(value) && (kind === "number" || Number.isInteger(value));
  return fits ? "" : setting.must_be;
}
