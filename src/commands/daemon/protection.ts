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

/** An array of that many elements takes 1 KiB: 8 bytes each, and 32 of headers. */
const ELEMENTS_PER_KIB = 124;

const BYTES_PER_KIB = 1024;
/** Both halves, then what survives twice and is promoted, then the halves again where V8 has grown them for it. */
const FILLINGS = 6;

const youngKiB = (): number => {
  const young = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return (young?.space_size ?? 0) / BYTES_PER_KIB;
};

/**
 * The young generation is reserved, and each page of it comes from the kernel when it is first written to: with a KiB of
 * garbage a tick that takes a quarter of an hour, and a shortage before its end finds the kill path waiting for one fresh
 * page after the other (9.9 s of 15 in a fork storm in the guest). Garbage writes to all of them now. V8's own figure of
 * what is there (physical_space_size) says all before it is.
 */
const fillYoungGeneration = (): void => {
  let garbage: number[] = [];
  for (let times = 0; times < FILLINGS; times++) {
    const kib = youngKiB();
    for (let at = 0; at < kib; at++) garbage = new Array<number>(ELEMENTS_PER_KIB).fill(at + garbage.length);
  }
};

/**
 * After start-up: what loading and rehearsing left behind goes now, and not in a full collection that V8 would start by
 * itself later. What is allocated from then on finds its pages there.
 */
export const settleHeap = (): void => {
  v8.setFlagsFromString('--expose-gc');
  // Without arguments: V8 of Node.js 20 takes any object for "only the young generation".
  (runInNewContext('gc') as () => void)();
  fillYoungGeneration();
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
