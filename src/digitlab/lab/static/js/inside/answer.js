/** @file What a reader answers: asked again, while it learns, when it has changed. What is refused is told under the top bar. */
import { asQuery, useAnswer } from "../kit/answer.js";
import { useEffect } from "../kit/lib.js";
import { current, set, useStore } from "../kit/store.js";

const LIVE_EVERY = 1000; // milliseconds between two questions about a network that learns

/**
 * @template A
 * @param {string | null} reader
 * @param {string | null} path  below api/inside; null: nothing is asked
 * @param {object} [body]  asked by POST; without one by GET
 * @param {{ query?: Record<string, number | undefined>, wait?: number, every?: number }} [how]  query: further parts of the address; the others as in kit/answer.js
 * @returns {{ answer: A | null, busy: boolean }}
 */
export function useLook(reader, path, body, { query = {}, wait, every = LIVE_EVERY } = {}) {
  const news = useStore((s) => (reader === "live" ? s.news : 0));
  const address = reader === null || path === null ? null : `inside${path}?${asQuery({ reader, ...query })}`;
  const { answer, trouble, busy } = useAnswer(address, news, { body, wait, every });
  useEffect(() => {
    if (!trouble) return undefined;
    set({ trouble });
    return () => void (current().trouble === trouble && set({ trouble: null }));
  }, [trouble]);
  return { answer: /** @type {A | null} */ (answer), busy };
}
