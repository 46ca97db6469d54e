/** @file The reader as one HTML file, to be given away. */
import { ask, Refused } from "../kit/api.js";
import { html, useState } from "../kit/lib.js";
import { save } from "../kit/save.js";
import { set } from "../kit/store.js";
import { T } from "./texts.js";

/** @param {{ reader: string | null }} props */
export function GiveAway({ reader }) {
  const [busy, setBusy] = useState(false);
  const give = async () => {
    setBusy(true);
    try {
      const answer = await ask(`page?reader=${encodeURIComponent(reader ?? "")}`);
      save("digitlab.html", new Blob([await answer.blob()], { type: "text/html" }));
    } catch (error) {
      if (error instanceof Refused) set({ trouble: error.trouble });
    }
    setBusy(false);
  };
  return html`<button class="small" type="button" disabled=${busy || reader === null} title=${T.read.giveAwayHelp} onClick=${give}>
    ${busy ? T.read.givingAway : T.read.giveAway}
  </button>`;
}
