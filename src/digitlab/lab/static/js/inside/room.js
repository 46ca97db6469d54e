/** @file The room in which one looks inside a network: its units, its pixels, its damage, one step, a map. */
import { linkTo } from "../kit/address.js";
import { html, useEffect, useMemo } from "../kit/lib.js";
import { EpochChoice, ReaderChoice } from "../kit/readers.js";
import { useParts } from "../kit/store.js";
import { loadRuns } from "../kit/stream.js";
import { useLook } from "./answer.js";
import { strongest } from "./bars.js";
import { PARTS, seenBy, useChoice } from "./choice.js";
import { DamagePart } from "./damage.js";
import { MapPart } from "./map.js";
import { Picture } from "./picture.js";
import { Pixels } from "./pixels.js";
import { StepPart } from "./step.js";
import { T } from "./texts.js";
import { Units } from "./units.js";

/** @import { Inside } from "../kit/types.js" */
/** @import { Choice } from "./choice.js" */

/** @typedef {Choice & { unit: number }} Chosen  without one in the address, the unit that answers most strongly */
/** @typedef {{ choice: Chosen, inside: Inside | null }} PartProps */

/** @type {Record<import("./choice.js").Part, (props: PartProps) => any>} */
const SHOWN = { units: Units, pixels: Pixels, damage: DamagePart, step: StepPart, map: MapPart };

export function InsideRoom() {
  const choice = useChoice();
  const { address } = useParts("address");
  useEffect(() => void loadRuns(), []);
  const { answer, busy } = useLook(choice.id, choice.picture && "", { ...choice.picture, digit: choice.digit });
  const inside = /** @type {Inside | null} */ (answer);
  const Part = SHOWN[choice.part];
  // Of a network that learns, the same unit stays in sight.
  const first = useMemo(() => strongest(inside?.activations[choice.layer - 1] ?? [0], 1)[0], [seenBy(inside), choice.layer]);
  const chosen = { ...choice, unit: choice.unit ?? first };
  return html`<div class="looking">
    <div class="head">
      <h1>${T.inside.heading}</h1>
      ${choice.unknown && html`<p class="note">${T.reader.unknown(choice.unknown)}</p>`}
      <${ReaderChoice} reader=${choice.id} />
      <${EpochChoice} reader=${choice.id} />
    </div>
    <${Picture} choice=${choice} inside=${inside} busy=${busy} />
    <nav class="parts" aria-label=${T.inside.partsLabel}>
      ${PARTS.map((one) => html`<a key=${one} href=${linkTo("inside", { ...address, part: one })} aria-current=${one === choice.part ? "page" : undefined}>${T.inside.parts[one]}</a>`)}
    </nav>
    ${choice.picture && html`<${Part} choice=${chosen} inside=${inside} />`}
  </div>`;
}
