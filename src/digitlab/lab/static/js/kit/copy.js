/** @file A button that copies a text. Browsers copy for pages of this machine and by https alone: elsewhere there is none. */
import { T } from "../texts.js";
import { html, useState } from "./lib.js";

/** @param {{ words: string, text: () => string, kind?: string, disabled?: boolean }} props  kind: classes of its style */
export function Copy({ words, text, kind = "", disabled = false }) {
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`<button class=${kind} type="button" disabled=${disabled} onClick=${copy}>${copied ? T.copied : words}</button>
    <span class="unseen" role="status">${copied ? T.copied : ""}</span>`;
}
