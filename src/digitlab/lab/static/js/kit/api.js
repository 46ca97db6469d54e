/** @file Asks the server. Addresses are relative, so that the lab also works behind a proxy that adds a prefix. */

/** What the server refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status  @param {import("./types.js").Trouble} trouble */
  constructor(status, trouble) {
    super(trouble.what);
    this.status = status;
    this.trouble = trouble;
  }
}

/**
 * @param {string} path  below api/
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function ask(path, options) {
  const answer = await fetch(path ? `api/${path}` : "api", options);
  if (answer.ok) return answer;
  let trouble = { what: `the server answered ${answer.status}`, must_be: "", got: "", help: "" };
  try {
    trouble = (await answer.json()).error ?? trouble;
  } catch {
    // No JSON: a proxy in between, perhaps.
  }
  throw new Refused(answer.status, trouble);
}

/** @param {string} path  @returns {Promise<any>} */
export async function get(path) {
  return (await ask(path)).json();
}

/** @param {string} path  @param {object} body  @returns {Promise<any>} */
export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}
