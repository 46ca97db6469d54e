/** @file What the server answers to a question of a component: asked anew when the question changes. */
import { T } from "../texts.js";
import { get, post, Refused } from "./api.js";
import { useEffect, useRef, useState } from "./lib.js";

/** @import { Trouble } from "./types.js" */

/**
 * Until there is a new answer, the one before stays. One question at a time: of those that come meanwhile, only the last
 * one is asked.
 * @template A
 * @param {string | null} path  below api/; null: nothing is asked
 * @param {any} [again]  when it changes, the same is asked again
 * @param {{ body?: object, wait?: number, every?: number }} [how]  body: asked by POST; milliseconds that a new question
 * must have stood for, and between two times that the same is asked
 * @returns {{ answer: A | null, trouble: Trouble | null, busy: boolean }}  trouble: why there is no answer to this
 */
export function useAnswer(path, again = 0, { body, wait = 0, every = 0 } = {}) {
  const question = path === null ? "" : `${path} ${JSON.stringify(body) ?? ""}`;
  const [known, setKnown] = useState({ question: "", again, answer: /** @type {A | null} */ (null), trouble: /** @type {Trouble | null} */ (null) });
  const [asking, setAsking] = useState(false);
  const last = useRef({ question: "", again, at: 0 });
  const stands = useRef({ question, at: performance.now() }); // since when it is the question
  if (stands.current.question !== question) stands.current = { question, at: performance.now() };
  useEffect(() => {
    const same = last.current.question === question;
    if (path === null || asking || (same && last.current.again === again)) return undefined;
    const askNow = async () => {
      last.current = { question, again, at: performance.now() };
      setAsking(true);
      try {
        setKnown({ question, again, answer: await (body ? post(path, body) : get(path)), trouble: null });
      } catch (error) {
        setKnown({ question, again, answer: null, trouble: error instanceof Refused ? error.trouble : T.silent });
      }
      setAsking(false);
    };
    const later = setTimeout(askNow, (same ? last.current.at + every : stands.current.at + wait) - performance.now());
    return () => clearTimeout(later);
  }, [question, again, asking]);
  return { answer: known.answer, trouble: known.trouble, busy: known.question !== question || known.again !== again };
}

/** The parts of a question behind its question mark; those that are undefined are left out. @param {Record<string, string | number | undefined>} parts */
export const asQuery = (parts) =>
  new URLSearchParams(Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))).toString();
