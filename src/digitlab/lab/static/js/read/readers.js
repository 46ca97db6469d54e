/** @file Who reads: one of the readers that the server lists, or a snapshot of one of them, `run:NAME@EPOCH`. */

/** The run that a snapshot is of. @param {string | null | undefined} id */
export const runOf = (id) => (id?.match(/^(run:.+)@\d+$/) ?? [])[1];

/**
 * What is known of a reader; of a snapshot, what is known of its run.
 * @param {import("../kit/types.js").Reader[]} readers
 * @param {string | null | undefined} id
 */
export const readerOf = (readers, id) => readers.find((one) => one.id === id) ?? readers.find((one) => one.id === runOf(id));
