/** What control asks of the kernel for its own survival, and what it did not get, as findings. */
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Finding } from '../../core/event.ts';
import type { Roots } from '../../linux/root.ts';
import { lockFileMappings, setOwnOomScoreAdj } from '../../linux/self.ts';
import { errnoName } from '../../linux/sys/errno.ts';

const OOM_SCORE_ADJ_MIN = -1000;

/**
 * Before anything is compiled. Bytecode stays: V8 otherwise drops what was not run for a while, and the kill path is run
 * once a year. No optimising compiler: it costs 6 MiB of RSS and compiles on other threads at a time of its own choosing,
 * and a tick that mostly waits for system calls is no faster with it.
 */
export const settleCompiler = (): void => v8.setFlagsFromString('--no-flush-bytecode --no-opt --no-memory-reducer');

/**
 * After start-up: what loading and rehearsing left behind goes now, and not in a full collection that V8 would start by
 * itself later.
 */
export const settleHeap = (): void => {
  v8.setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync' }) => void;
  collect({ type: 'major', execution: 'sync' });
};

/**
 * The kernel must not choose the one process that can help. Without CAP_SYS_RESOURCE it may; the probe of the own
 * oom_score_adj tells that, so the answer is not needed here.
 */
export const becomeUnkillable = (roots: Roots): void => void setOwnOomScoreAdj(roots.proc, OOM_SCORE_ADJ_MIN);

/** After the rehearsal, when the code that is needed is in. */
export const lockCode = (roots: Roots): { lockedKiB: number; finding: Finding | null } => {
  const { lockedKiB, errno } = lockFileMappings(roots.proc);
  if (errno === 0) return { lockedKiB, finding: null };
  return {
    lockedKiB,
    finding: {
      name: 'mlock',
      status: 'warn',
      found: `${errnoName(errno)} after ${Math.round(lockedKiB / 1024)} MiB`,
      meaning: 'under thrash the code of oomwatchd is read back from disk page by page, and it acts late',
      remedy: 'LimitMEMLOCK=infinity in the unit, or grant CAP_IPC_LOCK',
    },
  };
};
