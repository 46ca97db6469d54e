/** @file Asks the server, and asks again when the question changes, or the network that learns has. */
import { get, post, Refused } from "../kit/api.js";
import { useEffect, useRef, useState } from "../kit/lib.js";
import { current, set, useStore } from "../kit/store.js";

const LIVE_EVERY = 1000; // milliseconds between two questions about a network that learns

/**
 * The answer to the newest question; until it is here, the one to the question before. One question at a time: of those
 * that come meanwhile only the last one is asked.
 * @template A
 * @param {string | null} reader
 * @param {string | null} path  below api/, with a question mark where the reader comes; null: nothing is asked
 * @param {object} [body]  asked by POST; without one by GET
 * @param {{ wait?: number, every?: number }} [pace]  milliseconds: a question must have stood for so long; between two of a network that learns
 * @returns {{ answer: A | null, busy: boolean }}
 */
export function useAnswer(reader, path, body, { wait = 0, every = LIVE_EVERY } = {}) {
  const news = useStore((s) => (reader === "live" ? s.news : 0));
  const [found, setFound] = useState(/** @type {{ question: string, answer: A | null }} */ ({ question: "", answer: null }));
  const [busy, setBusy] = useState(false);
  const last = useRef({ question: "", news: 0, at: 0 });
  const refusal = useRef(/** @type {object | null} */ (null));
  const question = reader === null || path === null ? "" : `${path.replace("?", `?reader=${encodeURIComponent(reader)}&`).replace(/&$/, "")} ${JSON.stringify(body) ?? ""}`;
  const same = last.current.question === question;
  useEffect(() => {
    if (!question || busy || (same && last.current.news === news)) return undefined;
    const askNow = async () => {
      last.current = { question, news, at: performance.now() };
      setBusy(true);
      const address = question.split(" ", 1)[0];
      try {
        setFound({ question, answer: await (body ? post(address, body) : get(address)) });
        if (refusal.current && current().trouble === refusal.current) set({ trouble: null });
      } catch (error) {
        if (error instanceof Refused) {
          refusal.current = error.trouble;
          set({ trouble: error.trouble });
          setFound({ question, answer: null });
        }
      }
      setBusy(false);
    };
    const later = setTimeout(askNow, same ? last.current.at + every - performance.now() : wait);
    return () => clearTimeout(later);
  }, [question, news, busy]);
  return { answer: found.answer, busy: found.question !== question };
}
