/** @file What the server answers to a question of a component: asked anew when the question changes. */
import { T } from "../texts.js";
import { get, Refused } from "./api.js";
import { useEffect, useState } from "./lib.js";

/** @import { Trouble } from "./types.js" */

/**
 * Until there is a new answer, the one before stays.
 * @template A
 * @param {string | null} path  below api/; null: nothing is asked
 * @param {any} [again]  when it changes, the same is asked again
 * @returns {{ answer: A | null, trouble: Trouble | null, busy: boolean }}  trouble: why there is no answer to this
 */
export function useAnswer(path, again = 0) {
  const question = path === null ? "" : `${path} ${again}`;
  const [known, setKnown] = useState({ question: "", answer: /** @type {A | null} */ (null), trouble: /** @type {Trouble | null} */ (null) });
  useEffect(() => {
    if (path === null) return undefined;
    let wanted = true;
    const take = (/** @type {A | null} */ answer, /** @type {Trouble | null} */ trouble) => wanted && setKnown({ question, answer, trouble });
    get(path).then(
      (answer) => take(answer, null),
      (error) => take(null, error instanceof Refused ? error.trouble : T.silent),
    );
    return () => void (wanted = false);
  }, [question]);
  return { answer: known.answer, trouble: known.trouble, busy: known.question !== question };
}

/** The parts of a question behind its question mark; those that are undefined are left out. @param {Record<string, string | number | undefined>} parts */
export const asQuery = (parts) =>
  new URLSearchParams(Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))).toString();
