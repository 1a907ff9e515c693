/** The first and the last of many: what began something and how it ended tell more than the middle. */

export interface Kept<T> {
  add(entry: T): void;
  /** Oldest first; `dropped` of them are missing behind the first `droppedAfter`. */
  list(): readonly T[];
  readonly dropped: number;
  readonly droppedAfter: number;
}

/** Keeps the first `first` and the last `last` entries, and counts those between. */
export const createKept = <T>(first: number, last: number): Kept<T> => {
  const head: T[] = [];
  const ring: T[] = [];
  let added = 0;
  return {
    add: (entry) => {
      if (head.length < first) head.push(entry);
      else ring[added++ % last] = entry;
    },
    list: () => {
      const oldest = added % last;
      return added <= last ? [...head, ...ring] : [...head, ...ring.slice(oldest), ...ring.slice(0, oldest)];
    },
    get dropped() {
      return Math.max(0, added - last);
    },
    get droppedAfter() {
      return head.length;
    },
  };
};
