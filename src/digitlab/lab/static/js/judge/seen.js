/** @file What is asked for only once somebody has come to see it. */
import { useEffect, useSeen, useState } from "../kit/lib.js";

/** Whether an element has ever been on the screen. @param {{ current: Element | null }} ref */
export function useWanted(ref) {
  const seen = useSeen(ref);
  const [wanted, setWanted] = useState(false);
  useEffect(() => setWanted(wanted || seen), [seen]);
  return wanted;
}
