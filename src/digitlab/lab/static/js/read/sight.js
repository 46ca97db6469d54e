/** @file Brings an answer into sight, where the screen shows but a part of the room. */

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** No further than needed; where it is seen already, nothing moves. @param {string} answer  a selector */
export const toSight = (answer) =>
  document.querySelector(answer)?.scrollIntoView({ block: "nearest", behavior: still.matches ? "instant" : "smooth" });

/** What the pad's digit, a test digit or a picture of one digit is read as. */
export const toAnswer = () => toSight(".answer .winner");
