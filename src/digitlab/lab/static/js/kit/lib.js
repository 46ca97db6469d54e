/** @file Preact, its hooks, and htm bound to it: the one place where the page takes them from. */
import { h, render } from "../../vendor/preact.js";
import htm from "../../vendor/htm.js";

export { render };
export { useEffect, useLayoutEffect, useMemo, useRef, useState, useId } from "../../vendor/hooks.js";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(/** @type {any} */ (h));
