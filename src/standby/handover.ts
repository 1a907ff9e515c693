/**
 * The list of candidates that control hands to standby after each round of its index: one message, with a pidfd for each
 * entry. Both sides take its shape from here.
 */
import { COMM_WORDS, readComm, writeComm } from './comm-words.ts';

/** Candidates with their company: as many as control keeps in order, and half as many again. */
export const ENTRIES_MAX = 48;
const ENTRY_WORDS = 7 + COMM_WORDS;
export const LIST_WORDS = 1 + ENTRIES_MAX * ENTRY_WORDS;

export interface Entry {
  /** Slot of control's table, and which of its processes this is: together they name one for ever. */
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  /** Equal for those who die together: the index of the first of them in the list. */
  readonly group: number;
  /** May be chosen; otherwise it only goes along. */
  readonly isCandidate: boolean;
  readonly oomScoreAdj: number;
  /** Of the prefer and avoid rules, thousandths of all pages. */
  readonly policyPoints: number;
  readonly comm: string;
}

/** Writes the entries into `words`; the number of words used. */
export const writeList = (words: Int32Array, entries: readonly Entry[]): number => {
  words[0] = entries.length;
  entries.forEach((entry, index) => {
    const at = 1 + index * ENTRY_WORDS;
    words[at] = entry.slot;
    words[at + 1] = entry.generation;
    words[at + 2] = entry.pid;
    words[at + 3] = entry.group;
    words[at + 4] = entry.isCandidate ? 1 : 0;
    words[at + 5] = entry.oomScoreAdj;
    words[at + 6] = entry.policyPoints;
    writeComm(words, at + 7, entry.comm);
  });
  return 1 + entries.length * ENTRY_WORDS;
};

/** The entries of a message of `bytes` bytes; none of one that is cut off. */
export const readList = (words: Int32Array, bytes: number): Entry[] => {
  const count = words[0] as number;
  if (bytes < 4 || count < 0 || count > ENTRIES_MAX || bytes !== (1 + count * ENTRY_WORDS) * 4) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = 1 + index * ENTRY_WORDS;
    return {
      slot: words[at] as number,
      generation: words[at + 1] as number,
      pid: words[at + 2] as number,
      group: words[at + 3] as number,
      isCandidate: words[at + 4] === 1,
      oomScoreAdj: words[at + 5] as number,
      policyPoints: words[at + 6] as number,
      comm: readComm(words, at + 7),
    };
  });
};
