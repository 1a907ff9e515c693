/**
 * What was found out off the loop since the last turn: files and calls that may sleep, read by commands/daemon/watchers
 * only while something stalls. Arrays and records are made once and filled again; an empty one is the rule.
 */

/** One member for each watcher; control fills it, core/watch reads it. */
export interface Observations {
  /** Of the turn: nothing was found out when it equals the last one's. */
  serial: number;
}

export const emptyObservations = (): Observations => ({ serial: 0 });
