/** Which of the victims have exited since they were signalled, by their pidfds. */
import { isPending, type Victim } from '../core/victim.ts';
import type { Executor } from './ports.ts';

/** Appends the slots of those all of whose threads are gone. */
export const noteExits = (among: readonly Victim[], executor: Pick<Executor, 'hasExited'>, into: number[]): void => {
  for (let at = 0; at < among.length; at++) {
    const victim = among[at] as Victim;
    if (isPending(victim) && !victim.simulated && executor.hasExited(victim.slot)) into.push(victim.slot);
  }
};
