/** The counts of a moment, of what is followed and of the last whole walk, into the record that core/livelock judges. */
import type { Dying } from '../dying.ts';
import type { StallSummary } from '../stall-summary.ts';
import { TASK_FLAG, type WalkCounts } from '../thread-readings.ts';
import { ABSENT } from '../units.ts';
import { isStalling, type Suspects, stalledMs } from './suspects.ts';

/** Somebody killed it and it is not gone: TIF_MEMDIE, as far as user space can see (kernel-facts 2.6). */
export const isVictim = ({ killedBy, life }: Dying): boolean => killedBy !== 'itself' && life !== 'gone';

/** Looked at that long ago, it is not known any more: the walk stands still. Ten looks that could have been. */
const STALE_MS = 10_000;

/** As long as nothing stalls there is nothing to count; written in place. */
export const blankSummary = (out: StallSummary): void => {
  out.stalling = out.dying = out.exiting = out.victim = 0;
  out.uninterruptible = out.runnable = out.overHigh = out.mmapLock = out.pageIo = out.noFs = 0;
  out.longestMs = out.seen = ABSENT;
};

/**
 * dying, exiting and victim are as of the last whole walk, and no fewer than are known without it: each victim of the
 * register has a thread at least, and without a victim there is no thread of one.
 */
export const summarize = (
  out: StallSummary,
  suspects: Suspects,
  walk: WalkCounts,
  victims: readonly Dying[],
  nowMs: number,
): void => {
  blankSummary(out);
  let known = 0;
  for (const dying of victims) if (isVictim(dying)) known++;
  let dying = 0;
  for (const suspect of suspects.list) {
    if (suspect.isKillPending) dying++;
    if (!isStalling(suspect) || nowMs - suspect.lookedMs > STALE_MS) continue;
    out.stalling++;
    out.longestMs = Math.max(out.longestMs, stalledMs(suspect));
    if (suspect.state === 'D') out.uninterruptible++;
    if (suspect.state === 'R') out.runnable++;
    if (suspect.place === 'over_high') out.overHigh++;
    if (suspect.place === 'mmap_lock') out.mmapLock++;
    if (suspect.place === 'page_io') out.pageIo++;
    if ((suspect.flags & TASK_FLAG.NO_FS) !== 0) out.noFs++;
  }
  out.dying = Math.max(walk.dying, dying);
  out.exiting = walk.exiting;
  out.victim = known === 0 ? 0 : Math.max(walk.victim, known);
  out.seen = walk.threads;
};
