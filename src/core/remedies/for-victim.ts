/** For a victim that does not go: what it waits for is released, once, the gentlest way first. */
import type { BlockerKind } from '../blocker.ts';
import type { Dying, KilledBy } from '../dying.ts';
import type { Policy, RemediesPolicy } from '../policy.ts';
import type { RemedyKind } from '../remedy.ts';
import { ABSENT } from '../units.ts';
import { begin, mayBegin, type Remedies, type RemedyOutput, wasTried } from './remedies.ts';

const REMEDY_OF: Readonly<Record<BlockerKind, RemedyKind>> = {
  freezer_v1: 'thaw_freezer_v1',
  freezer_v2: 'thaw_freezer_v2',
  fuse: 'abort_fuse',
  file_system: 'thaw_file_system',
};

/** What will be seen before and after; the files themselves are read right before they are written. */
const VALUES: Readonly<Record<BlockerKind, { readonly oldValue: string; readonly newValue: string }>> = {
  freezer_v1: { oldValue: 'FROZEN', newValue: 'THAWED' },
  freezer_v2: { oldValue: '1', newValue: '0' },
  fuse: { oldValue: '', newValue: '1' },
  file_system: { oldValue: '', newValue: '' },
};

const isAllowed = (kind: BlockerKind, policy: RemediesPolicy): boolean => {
  switch (kind) {
    case 'freezer_v1':
    case 'freezer_v2':
      return policy.thawCgroup;
    case 'fuse':
      return policy.abortFuse;
    case 'file_system':
      return policy.thawFileSystem;
  }
};

const CONCERNS: readonly KilledBy[] = ['oomwatchd', 'standby', 'kernel'];

/** Whom strangers kill is their business: nobody here waits for it, and what it waits for is not ours to touch. */
const isOurConcern = ({ killedBy, life }: Dying): boolean => CONCERNS.includes(killedBy) && life !== 'gone';

/** What was done for it last has to show first whether it helped. */
const isJudged = (remedies: Remedies, dying: Dying): boolean =>
  remedies.started.every((started) => started.dying !== dying || started.isSettled || started.isUnderWay);

/** Begins the remedy that is due for one of the dying, at most one in a turn. */
export const relieveVictims = (
  remedies: Remedies,
  dying: readonly Dying[],
  { remedies: policy, mode }: Pick<Policy, 'remedies' | 'mode'>,
  nowMs: number,
  out: RemedyOutput,
): void => {
  for (const victim of dying) {
    const ageMs = nowMs - victim.sinceMs;
    if (victim.blockers.length === 0 || ageMs < policy.afterMs || !isOurConcern(victim)) continue;
    if (!isJudged(remedies, victim)) continue;
    for (const { kind: blockerKind, object, place, tid } of victim.blockers) {
      const kind = REMEDY_OF[blockerKind];
      if (!isAllowed(blockerKind, policy) || wasTried(remedies, kind, object)) continue;
      if (!mayBegin(remedies, kind, policy.perMinute, nowMs)) continue;
      const wish = {
        ...{ kind, object, place, pid: victim.pid, tid, fromKiB: ABSENT, toKiB: ABSENT, belowKiB: ABSENT },
        dryRun: mode === 'observe',
      };
      begin(remedies, wish, victim, VALUES[blockerKind], victim.detail, nowMs, out);
      return;
    }
  }
};
