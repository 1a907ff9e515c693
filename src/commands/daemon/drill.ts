/**
 * The drill: once a month, or when the reporter asks, a child of ours is killed by what would kill a victim: the index that runs,
 * with its descriptors, a pidfd, the executor. It shows that this very process, after months, still may and can. Unlike the
 * rehearsal at start it changes no policy and makes no choice: that would leave the host unguarded for its time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { DrillOutcome } from '../../core/own-process-event.ts';
import { ABSENT } from '../../core/units.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import type { DeathWatch } from './death-watch.ts';
import type { Host } from './host.ts';

export interface Drilled {
  readonly kind: 'drilled';
  readonly outcome: DrillOutcome;
  readonly durationMs: number;
  readonly detail: string;
}

/** It ends within milliseconds; under some load of others in tens of them. */
const TIMEOUT_MS = 5000;

const CHILD = ['-e', 'setInterval(() => {}, 1e6)'];

type Arms = Pick<Host, 'clock'> & { readonly index: Pick<Host['index'], 'know'> };

/** Gives a drill that never rejects; one at a time. `isCalm`: nobody is dying, and no shortage is near. */
export const createDrill = (
  { index, clock }: Arms,
  executor: Pick<DeathWatch['executor'], 'signal'>,
  isCalm: () => boolean,
): (() => Promise<Drilled>) => {
  const done = (outcome: DrillOutcome, durationMs: number, detail: string): Drilled => ({
    ...{ kind: 'drilled', outcome, durationMs, detail },
  });

  const kill = (child: ChildProcess, pid: number): Promise<Drilled> =>
    new Promise((resolve) => {
      const beganMs = clock.nowMs();
      const end = (outcome: DrillOutcome, detail: string): void => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        resolve(done(outcome, clock.nowMs() - beganMs, detail));
      };
      const timer = setTimeout(end, TIMEOUT_MS, 'failed', 'the child did not exit in 5 s');
      child.once('exit', (_, signal) => end(signal === 'SIGKILL' ? 'passed' : 'failed', `child ended by ${signal}`));
      // At once, in one turn of the event loop: a round of the index would take its descriptors away again.
      const slot = index.know(pid);
      if (slot === ABSENT) return end('failed', 'the child could not be enrolled');
      const intent = { kind: 'signal', signal: 'KILL', slot, pid, dryRun: false, reason: 'forced' } as const;
      const { sent, errno } = executor.signal({ ...intent, company: '', companyOf: ABSENT });
      if (!sent) end('failed', `pidfd_send_signal: ${errnoName(errno)}`);
    });

  return async () => {
    if (!isCalm()) return done('not_calm', 0, '');
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, CHILD, { stdio: 'ignore' });
    } catch (error) {
      return done('failed', 0, `no child: ${(error as Error).message}`);
    }
    const { pid } = child;
    if (pid !== undefined) return kill(child, pid);
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(done('failed', 0, `no child: ${error.message}`)));
    });
  };
};
