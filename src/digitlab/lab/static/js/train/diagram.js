/** @file The network as a drawing: the picture, the hidden units, the ten answers. It follows the layers in the settings. */
import { html, useMemo } from "../kit/lib.js";
import { layerSizes } from "../kit/settings.js";
import { T } from "./texts.js";

const WIDTH = 560;
const HEIGHT = 360;
const MIDDLE = 160;
const MOST = 12; // units drawn of a layer
// A seven, as a pen writes it, on a grid of 14 x 14.
const SEVEN = ["3,3", "4,3", "5,3", "6,3", "7,3", "8,3", "9,3", "10,3", "10,4", "9,5", "9,6", "8,7", "8,8", "7,9", "7,10", "6,11"];

/** @param {{ layers: string }} props  sizes as text, such as 784,64,10 */
export function Diagram({ layers }) {
  const sizes = useMemo(() => layerSizes(layers) ?? [], [layers]);
  const hidden = sizes.slice(1, -1).slice(0, 6);
  const columns = hidden.map((units, i) => ({
    units,
    x: 190 + ((i + 1) * (470 - 190)) / (hidden.length + 1),
    drawn: Math.max(1, Math.min(MOST, units || 1)),
  }));
  const outputs = { units: sizes.at(-1) ?? 10, x: 500, drawn: Math.max(1, Math.min(10, sizes.at(-1) || 10)) };
  const all = [...columns, outputs];
  const label = T.welcome.diagram(sizes.join(", ") || layers);
  return html`<svg class="diagram" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
    <g class="wires">
      ${all.map((column, i) => wires(i === 0 ? null : all[i - 1], column))}
    </g>
    <g class="picture">
      <rect x="20" y=${MIDDLE - 77} width="154" height="154" rx="4" />
      ${SEVEN.map((cell) => {
        const [x, y] = cell.split(",").map(Number);
        return html`<rect key=${cell} class="ink" x=${21 + x * 11} y=${MIDDLE - 77 + y * 11} width="10" height="10" rx="1.5" />`;
      })}
    </g>
    ${columns.map(
      (column, i) => html`<g key=${i} class="units">
        ${spread(column.drawn).map((y, n) => html`<circle key=${n} cx=${column.x} cy=${y} r="6.5" class=${`lit${(n * 7 + i * 3) % 5}`} />`)}
        <text x=${column.x} y=${HEIGHT - 12}>${T.welcome.hidden(column.units)}</text>
      </g>`,
    )}
    <g class="units answers">
      ${spread(outputs.drawn).map(
        (y, n) => html`<circle key=${n} cx=${outputs.x} cy=${y} r="12" class=${n === 7 ? "winner" : ""} />
          <text x=${outputs.x} y=${y + 4.5} class=${n === 7 ? "winner" : ""}>${n}</text>`,
      )}
      <text x=${outputs.x} y=${HEIGHT - 12}>${outputs.units === 10 ? T.welcome.outputs : T.welcome.classes(outputs.units)}</text>
    </g>
    <text x="97" y=${HEIGHT - 12}>${T.welcome.pixels}</text>
  </svg>`;
}

/** Heights of so many units. @param {number} n */
function spread(n) {
  const gap = Math.min(31, 300 / Math.max(1, n));
  return Array.from({ length: n }, (_, i) => MIDDLE + (i - (n - 1) / 2) * gap);
}

/** @typedef {{ x: number, drawn: number }} Column  @param {Column | null} from  @param {Column} to */
function wires(from, to) {
  const starts = from ? spread(from.drawn) : [MIDDLE - 60, MIDDLE - 20, MIDDLE + 20, MIDDLE + 60];
  const x = from ? from.x : 174;
  const lines = starts.flatMap((a) => spread(to.drawn).map((b) => `M${x} ${a}L${to.x} ${b}`));
  return html`<path d=${lines.join("")} />`;
}
