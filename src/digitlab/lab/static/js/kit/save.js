/** @file Something as a file of whoever looks at the page. */

/** @param {string} name  @param {Blob} content */
export function save(name, content) {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
