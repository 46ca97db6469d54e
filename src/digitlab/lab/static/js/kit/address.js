/** @file The address holds the room and what differs from the recipe: an experiment is a link. */
import { current, set } from "./store.js";

const ROOMS = ["train", "read"];

/** Take over what the address says. */
export function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const room = /** @type {"train" | "read"} */ (ROOMS.includes(path) ? path : "train");
  if (room !== current().room) {
    scrollTo(0, 0);
    set({ trouble: null }); // what went wrong there is no matter of this room
  }
  set({ room, address: Object.fromEntries(new URLSearchParams(query)) });
}

/** @param {string} room  @param {Record<string, string>} [address] */
export function linkTo(room, address = {}) {
  const query = new URLSearchParams(address).toString().replaceAll("%2C", ",");
  return `#/${room}${query ? `?${query}` : ""}`;
}

/** Put other settings into the address, without a step in the browser's history. @param {Record<string, string>} address */
export function writeAddress(address) {
  history.replaceState(null, "", linkTo(current().room, address));
  set({ address });
}

/**
 * The settings that the address asks for: those of its recipe, and what differs.
 * @param {import("./types.js").Recipes} recipes
 * @param {Record<string, string>} address
 * @returns {{ recipe: import("./types.js").Recipe, texts: Record<string, string> }} values as texts, as a person types them
 */
export function experimentOf(recipes, address) {
  const named = (/** @type {string | undefined} */ name) => recipes.recipes.find((one) => one.name === name);
  const recipe = named(address.recipe) ?? named("seed") ?? recipes.recipes[0];
  /** @type {Record<string, string>} */
  const texts = {};
  for (const { name } of recipes.settings) texts[name] = address[name] ?? asText(recipe.values[name]);
  return { recipe, texts };
}

/** @param {import("./types.js").Value} value */
export const asText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

/**
 * What was typed as what the server wants. What is no number goes as it is: the server says what is wrong with it.
 * @param {import("./types.js").Setting} setting
 * @param {string} text
 * @returns {import("./types.js").Value}
 */
export function asValue(setting, text) {
  if (setting.kind === "choice") return text;
  if (setting.kind === "layer sizes") return layerSizes(text) ?? text;
  const decimal = setting.kind === "number" ? text.replace(",", ".") : text; // of whole numbers 1,000 is not 1
  const number = Number(decimal.trim());
  return text.trim() === "" || !Number.isFinite(number) ? text : number;
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
 * Whether a setting matters, given the others.
 * @param {import("./types.js").Setting} setting
 * @param {Record<string, string>} texts
 */
export function applies(setting, texts) {
  if (!setting.applies) return true;
  const text = texts[setting.applies.setting];
  return setting.applies.values.length ? setting.applies.values.map(asText).includes(text) : Number(text) > 0;
}

/**
 * What is wrong with a value, in the server's own words; empty where nothing is.
 * @param {import("./types.js").Setting} setting
 * @param {string} text
 */
export function wrong(setting, text) {
  const value = asValue(setting, text);
  if (setting.kind === "choice") return setting.choices[text] === undefined ? setting.must_be : "";
  if (setting.kind === "layer sizes") {
    return Array.isArray(value) && value.length >= 2 && !value.includes(0) ? "" : setting.must_be;
  }
  const { low = -Infinity, high = Infinity, above, below } = setting;
  const fits =
    typeof value === "number" &&
    (above ? value > low : value >= low) &&
    (below ? value < high : value <= high) &&
    (setting.kind === "number" || Number.isInteger(value));
  return fits ? "" : setting.must_be;
}

/**
 * The settings that cannot be as they are, by name, each with what it must be.
 * @param {import("./types.js").Recipes} recipes
 * @param {Record<string, string>} texts
 * @returns {[string, string][]}
 */
export function mistakes(recipes, texts) {
  const used = recipes.settings.filter((setting) => applies(setting, texts));
  return used.map((setting) => /** @type {[string, string]} */ ([setting.name, wrong(setting, texts[setting.name])])).filter(([, must]) => must);
}
