/** @file The runs so far: laid over the present one, rewound, branched, gone on with, read with, deleted. */
import { linkTo } from "../kit/address.js";
import { get } from "../kit/api.js";
import { moment, percent, runTitle } from "../kit/format.js";
import { html, useState } from "../kit/lib.js";
import { current, isUnderWay, set, useStore } from "../kit/store.js";
import { attempt, removeRun, resume } from "../kit/wish.js";
import { T } from "./texts.js";
import { LOOKS, Sample } from "./curves.js";
import { Details } from "./details.js";
import { Rewind } from "./rewind.js";

/** @import { Run } from "../kit/types.js" */
/** @typedef {[string, string]} Opened  the run that is open, and what of it */

const AT_FIRST = 12;
const RESUMABLE = ["running", "interrupted"]; // of a run that nobody trains any more

export function Runs() {
  const runs = useStore((s) => s.runs);
  const [all, setAll] = useState(false);
  const [opened, setOpened] = useState(/** @type {Opened} */ (["", ""]));
  const shown = all ? runs : runs.slice(0, AT_FIRST);
  return html`<section class="runs card" aria-labelledby="runs-heading">
    <h2 id="runs-heading">${T.runs.heading}</h2>
    ${runs.length === 0 && html`<p class="note">${T.runs.empty}</p>`}
    <ul>
      ${shown.map(
        (run) => html`<${Item}
          key=${run.name}
          run=${run}
          opened=${opened[0] === run.name ? opened[1] : ""}
          onOpen=${(/** @type {string} */ what) => setOpened([run.name, what])}
        />`,
      )}
    </ul>
    ${runs.length > shown.length &&
    html`<button type="button" onClick=${() => setAll(true)}>${T.runs.more(runs.length - shown.length)}</button>`}
  </section>`;
}

/** @param {{ run: Run, opened: string, onOpen: (what: string) => void }} props  what of it is open: "settings", "rewind" or "" */
function Item({ run, opened, onOpen }) {
  const training = useStore((s) => (s.training?.run === run.name ? s.training : null));
  const right = useStore((s) => (s.training?.run === run.name ? s.history.accuracy.at(-1) : undefined)) ?? run.accuracy;
  const busy = useStore((s) => isUnderWay(s.training));
  const laid = useStore((s) => Object.keys(s.laid).filter((name) => name !== s.training?.run).indexOf(run.name));
  const [sure, setSure] = useState(false);
  const now = busy ? training : null;
  const title = runTitle(run.name);
  const named = `${title}, ${moment(run.started)}`;
  const held = run.validation_accuracy !== null;
  const look = training ? { token: "--accent", dash: [] } : laid >= 0 ? LOOKS[laid % LOOKS.length] : null;
  const button = (/** @type {string} */ action, /** @type {() => void} */ act, /** @type {object} */ more = {}) =>
    html`<button class="small" type="button" aria-label=${T.runs.of(action, named)} onClick=${act} ...${more}>${action}</button>`;
  const door = (/** @type {string} */ what, /** @type {string} */ words) =>
    button(words, () => onOpen(opened === what ? "" : what), { "aria-expanded": String(opened === what) });
  return html`<li class=${training ? "current" : ""}>
    <div class="row">
      <label class="lay" title=${T.runs.lay(title)}>
        <input type="checkbox" aria-label=${T.runs.lay(named)} checked=${look !== null} disabled=${training !== null} onChange=${() => lay(run.name)} />
        ${look && html`<${Sample} ...${look} />`}
      </label>
      <div class="what">
        <strong title=${run.name}>${title}</strong>
        <span class="state">${now ? T.phase[now.phase] : (T.runs.state[run.state] ?? run.state)}</span>
        <small>${run.network}${run.parent && ` · ${T.runs.parent(runTitle(run.parent.run), run.parent.epoch)}`}</small>
      </div>
      <div class="when">
        <span>${moment(run.started)}</span>
        <small>${T.runs.epochs(now ? now.epoch : run.epochs, run.of)}</small>
      </div>
      <div class="score">
        <b>${percent(right)}</b>
        <small>${held ? T.runs.rightValidation(percent(run.validation_accuracy)) : T.runs.right}</small>
      </div>
      <div class="do">
        <a class="button small" href=${linkTo("read", { reader: `run:${run.name}` })} aria-label=${T.runs.of(T.runs.read, named)}>${T.runs.read}</a>
        ${run.state !== "damaged" && door("settings", T.runs.settings)}
        ${door("rewind", T.runs.rewind)}
        ${!busy && RESUMABLE.includes(run.state) && button(T.runs.resume, () => resume(run.name))}
        ${!now && button(T.runs.remove, () => setSure(!sure), { class: "small quiet", "aria-expanded": String(sure) })}
      </div>
    </div>
    ${sure &&
    !now &&
    html`<div class="sure" role="group" aria-label=${T.runs.sure}>
      <p>${T.runs.sure}</p>
      <button class="small danger" type="button" onClick=${() => removeRun(run.name).then(() => setSure(false))}>${T.runs.yes}</button>
      <button class="small" type="button" onClick=${() => setSure(false)}>${T.runs.no}</button>
    </div>`}
    ${opened === "settings" && html`<${Details} run=${run} />`}
    ${opened === "rewind" && html`<${Rewind} run=${run} onClose=${() => onOpen("")} />`}
  </li>`;
}

/** Show or hide the curves of a run. @param {string} name */
async function lay(name) {
  const { [name]: shown, ...others } = current().laid;
  if (shown) return set({ laid: others });
  const run = await attempt(() => get(`runs/${encodeURIComponent(name)}`));
  const there = current().runs.some((one) => one.name === name); // it may have been deleted meanwhile
  if (run && there) set({ laid: { ...current().laid, [name]: run } });
}
