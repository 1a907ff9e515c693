/** Work on the disk, one job after the other in their order, a bounded number of them: a disk that hangs holds no more. */

export interface JobQueue {
  /** false: too many wait already, and this one is not done. */
  push(job: () => Promise<void>): boolean;
  /** Resolves when everything pushed so far has ended, however. */
  ended(): Promise<void>;
}

/** `failed` is told of a job that rejects; the others are done all the same. */
export const createJobQueue = (limit: number, failed: (error: unknown) => void): JobQueue => {
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  return {
    push: (job) => {
      if (waiting >= limit) return false;
      waiting++;
      last = last
        .then(job)
        .catch(failed)
        .finally(() => waiting--);
      return true;
    },
    ended: () => last,
  };
};
