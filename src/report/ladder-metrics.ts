/** What is counted of the upper rungs of the ladder. */
import type { StampedEvent } from '../core/event.ts';
import { SYSRQ_OUTCOMES } from '../core/ladder-event.ts';
import { LAST_RESORTS } from '../core/policy.ts';
import { type Instruments, known } from './instruments.ts';

/** Gives a function that counts one event; those of other kinds it leaves alone. */
export const createLadderMetrics = (instruments: Instruments): ((event: StampedEvent) => void) => {
  // Every combination begins at 0, so that the first increase is one for rate() and alerts.
  for (const outcome of SYSRQ_OUTCOMES) instruments.add('oomwatchd_sysrq_total', 0, { outcome });
  for (const action of LAST_RESORTS) {
    if (action !== 'off') instruments.add('oomwatchd_last_resorts_total', 0, { action });
  }
  instruments.add('oomwatchd_oom_score_adj_left_total', 0);
  return (event) => {
    switch (event.kind) {
      case 'sysrq':
        return instruments.add('oomwatchd_sysrq_total', 1, { outcome: known(event.outcome, SYSRQ_OUTCOMES) });
      case 'restored':
        return instruments.add('oomwatchd_oom_score_adj_left_total', event.failed.length);
      case 'last_resort':
        return instruments.add('oomwatchd_last_resorts_total', 1, { action: known(event.action, LAST_RESORTS) });
      default:
        return;
    }
  };
};
