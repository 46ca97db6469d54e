/** @file Light and dark, and the colours of the style sheet for what is painted on a canvas. */
import { current, set } from "./store.js";

const KEY = "digitlab-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Map<string, string>} */
const resolved = new Map();

/** What was chosen, or the system's. */
function changed() {
  resolved.clear();
  set({ theme: document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light") });
}

export function watchTheme() {
  dark.addEventListener("change", changed);
  changed();
}

export function switchTheme() {
  const next = current().theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Then it is chosen again next time.
  }
  changed();
}

/** A colour of the style sheet, such as `--accent`, as rgb(...). @param {string} name */
export function colour(name) {
  let found = resolved.get(name);
  if (found === undefined) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    found = getComputedStyle(probe).color;
    probe.remove();
    resolved.set(name, found);
  }
  return found;
}

/** The same as three numbers. @param {string} name */
export const rgb = (name) => (colour(name).match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);

/**
 * For each byte of a weight (128 is 0) its colour, as a pixel: blue below, the background at 0, orange above.
 * @param {number | null} [light]  of a unit that may be lit: from 0, where it fades away, to 1, where it glows
 */
export function weightColours(light = null) {
  const [below, above, dark, glow] = [rgb("--below"), rgb("--above"), rgb("--zero"), rgb("--glow")];
  const zero = dark.map((value, c) => value + (glow[c] - value) * (light ?? 0));
  const strength = light === null ? 1 : 0.22 + 0.78 * light;
  const table = new Uint8ClampedArray(256 * 4).fill(255);
  for (let byte = 0; byte < 256; byte++) {
    const end = byte < 128 ? below : above;
    const part = Math.min(1, Math.abs(byte - 128) / 127) ** 0.8 * strength;
    for (let c = 0; c < 3; c++) table[byte * 4 + c] = zero[c] + (end[c] - zero[c]) * part;
  }
  return new Uint32Array(table.buffer);
}
