/** @file Names of classes: digits, letters, or words. */

/** Whether a name needs more room than a digit. @param {string} name */
export const isWord = (name) => name.length > 2;
