/** What an incident came to, in one word of a closed list. */

import { isUnanswered } from '../../unanswered.ts';
import type { Facts } from '../gather/facts.ts';
import type { Outcome } from './document.ts';

/** The first that holds. What is left to do stands before what is done. */
export const outcomeOf = (facts: Facts): Outcome => {
  const { verdicts, signals, livelocks, lives, nothings, others, kernel, holders, endedMs } = facts;
  if (endedMs === null) return 'going_on';
  const lastLivelock = livelocks.list().at(-1);
  if (lastLivelock !== undefined && lastLivelock.stage !== 'ends') return 'livelock_not_ended';
  if ([...lives.values()].some(({ life }) => life === 'stuck')) return 'stuck';
  // A verdict is about all that was signalled before: the last one is that on the shortage.
  const verdict = verdicts.list().at(-1)?.verdict;
  if (verdict === 'recovered') return 'recovered';
  if (verdict !== undefined && verdict !== null) return verdict;
  if (others.list().some((event) => event.kind === 'rescue' && event.outcome === 'killed')) return 'standby_killed';
  if (kernel.list().some((event) => event.kind === 'kernel_kill')) return 'kernel_killed';
  if (signals.list().some(({ sent, errno }) => !sent && errno === 0)) return 'observed';
  const isIdle = nothings.list().some(({ reason }) => isUnanswered(reason));
  return isIdle || (holders !== undefined && holders.holders.length > 0) ? 'nothing_done' : 'passed';
};
