/** Who was killed in one incident, each pid once: of hundreds, in a fork storm, more than the report has lines for. */
import type { StampedEvent } from '../../../core/event.ts';

/** A number is all that is kept of each. */
const KILLED_MAX = 4096;

export interface Killed {
  /** By whomever. */
  readonly all: ReadonlySet<number>;
  /** Whom a signal of this process' control has reached. */
  readonly byUs: ReadonlySet<number>;
  /** Whom the kernel log has named. */
  readonly byKernel: ReadonlySet<number>;
}

export interface KilledCount extends Killed {
  see(event: StampedEvent): void;
}

export const createKilled = (): KilledCount => {
  const all = new Set<number>();
  const byUs = new Set<number>();
  const byKernel = new Set<number>();

  const add = (pid: number, ...sets: Set<number>[]): void => {
    for (const set of [all, ...sets]) if (set.size < KILLED_MAX) set.add(pid);
  };

  return {
    ...{ all, byUs, byKernel },
    see: (event) => {
      switch (event.kind) {
        case 'signal':
          // Without a victim it is of another version.
          if (event.sent && event.errno === 0 && event.victim) add(event.victim.pid, byUs);
          return;
        case 'kernel_kill':
          add(event.pid, byKernel);
          return;
        case 'rescue':
          if (event.outcome === 'killed') add(event.pid);
          return;
        case 'victim':
          if (event.killedBy !== 'other' && event.killedBy !== 'itself') add(event.pid);
          return;
        default:
      }
    },
  };
};
