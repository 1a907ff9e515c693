/**
 * One examination after the other, and never more than one that hangs: while it does, the next ones read only what cannot
 * block, and say less.
 */
import type { Dying, Examined } from '../../core/dying.ts';
import { ABSENT } from '../../core/units.ts';
import type { Roots } from '../root.ts';
import { examineInto } from './examination.ts';
import { conclude, emptyFindings, type Findings, type Known } from './findings.ts';

/** A file of /proc that has not answered by then waits for a lock; status answers within milliseconds (kernel-facts 4.4). */
export const READ_LIMIT_MS = 1000;

interface Running {
  readonly dying: Dying;
  readonly findings: Findings;
}

export interface Examiner {
  examine(dying: Dying, threadsBefore: number): void;
  /** Ends what takes too long, begins what is next. */
  pump(nowMs: number): void;
  isWaiting(): boolean;
}

export const createExaminer = (
  roots: Roots,
  nowMs: () => number,
  known: (dying: Dying) => Known,
  results: Examined[],
): Examiner => {
  const queue = new Map<Dying, number>();
  let running: Running | null = null;
  /** Told, but a thread of the pool is still in its read. */
  const hanging = new Map<Dying, Findings>();

  const begin = (dying: Dying, threadsBefore: number): void => {
    const mine: Running = { dying, findings: emptyFindings(dying.pid, threadsBefore) };
    running = mine;
    void examineInto(mine.findings, roots, nowMs, hanging.size > 0).then(() => {
      if (running !== mine) {
        hanging.delete(dying);
        return;
      }
      running = null;
      results.push(conclude(mine.findings, known(dying)));
      beginNext();
    });
  };
  const beginNext = (): void => {
    for (const [dying, threadsBefore] of queue) {
      if (running !== null) return;
      queue.delete(dying);
      begin(dying, threadsBefore);
    }
  };

  return {
    examine: (dying, threadsBefore) => {
      if (running?.dying === dying) return;
      const found = hanging.get(dying);
      // Its read hangs still, which says more than what could be read beside it.
      if (found !== undefined) {
        results.push(conclude(found, known(dying)));
        return;
      }
      queue.set(dying, threadsBefore);
      beginNext();
    },
    pump: (now) => {
      if (running === null) return;
      const { dying, findings } = running;
      if (findings.readingSinceMs === ABSENT || now - findings.readingSinceMs < READ_LIMIT_MS) return;
      running = null;
      hanging.set(dying, findings);
      results.push(conclude(findings, known(dying)));
      beginNext();
    },
    isWaiting: () => running !== null || hanging.size > 0,
  };
};
