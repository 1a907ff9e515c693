/** What control asks of the kernel for its own survival, and what it did not get, as findings. */
import type { Finding } from '../../core/event.ts';
import type { Roots } from '../../linux/root.ts';
import { lockFileMappings, populateHeap, setOwnOomScoreAdj } from '../../linux/self.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import { reserveMalloc } from '../../linux/sys/memory.ts';

const OOM_SCORE_ADJ_MIN = -1000;

/**
 * The kernel must not choose the one process that can help. Without CAP_SYS_RESOURCE it may; the probe of the own
 * oom_score_adj tells that, so the answer is not needed here.
 */
export const becomeUnkillable = (roots: Roots): void => void setOwnOomScoreAdj(roots.proc, OOM_SCORE_ADJ_MIN);

/** A hundred small files in 4 KiB each, as are read where holders and cgroups are looked at, until V8 collects them. */
const MALLOC_BYTES = 2 ** 19;

/** After V8's heap was settled: what this process will need in a shortage it has. */
export const takeMemory = (roots: Roots): void => {
  reserveMalloc(MALLOC_BYTES);
  populateHeap(roots.proc);
};

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
