/** @file Why something cannot be told, in the server's words. */
import { sentence } from "../kit/format.js";
import { html } from "../kit/lib.js";
import { T } from "./texts.js";

/** @param {{ trouble: import("../kit/types.js").Trouble }} props */
export const Refusal = ({ trouble: { what, must_be, help } }) => html`<div class="refusal" role="alert">
  <p><strong>${sentence(what)}.</strong></p>
  ${must_be && html`<p>${sentence(T.mustBe(must_be))}.</p>`}${help && html`<p>${sentence(help)}.</p>`}
</div>`;
