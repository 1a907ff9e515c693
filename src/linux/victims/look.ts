/** How a dying process looks now: kept descriptors alone, nothing that could block on it (kernel-facts 4.4). */
import type { Sight } from '../../core/dying.ts';
import { ABSENT } from '../../core/units.ts';
import { parseOomScore } from '../proc/oom-score.ts';
import { TASK_STATE } from '../proc/pid-status.ts';
import { ESRCH } from '../sys/errno.ts';
import { hasGone, readLiving, type VictimIo, type Watch } from './watch.ts';

const score = new Uint8Array(64);

const blank = (sight: Sight, pid: number): void => {
  sight.pid = pid;
  sight.isGone = sight.isKilled = sight.isPending = sight.isLeaderZombie = sight.isCoreDumping = false;
  sight.rssKiB = sight.oomScore = ABSENT;
};

/** Fills `sight`; whether a thread that has the mm should be looked for, because none is known. */
export const look = (io: VictimIo, watch: Watch, sight: Sight): boolean => {
  blank(sight, watch.pid);
  // First of all: what has no thread any more is not read, or this process might be the last user of its mm.
  if (hasGone(io, watch)) {
    sight.isGone = true;
    return false;
  }
  if (watch.scoreFd !== ABSENT) {
    const length = io.preadAt0(watch.scoreFd, score, score.length);
    if (length === -ESRCH) {
      watch.isGone = sight.isGone = true;
      return false;
    }
    if (length > 0) sight.oomScore = parseOomScore(score, length);
  }
  const status = readLiving(io, watch);
  if (status === null) return true;
  sight.isKilled = status.sharedSigkill === 1;
  sight.isPending = status.threadSigkill === 1;
  sight.isCoreDumping = status.coreDumping === 1;
  sight.rssKiB = status.vmRssKiB;
  if (status.state === TASK_STATE.ZOMBIE && status.threads > 1) watch.isLeaderless = true;
  sight.isLeaderZombie = watch.isLeaderless;
  if (watch.threads === ABSENT) watch.threads = status.threads;
  return status.vmRssKiB === ABSENT;
};
