/** What is counted of dying processes, of the kernel's own kills and of forced selections. */
import { KILLED_BY, LIVES, REAP_RESULTS, STUCK_REASONS } from '../core/dying.ts';
import { FORCED_OUTCOMES, type StampedEvent } from '../core/event.ts';
import { KERNEL_NOTES, KILL_SCOPES } from '../core/kernel-event.ts';
import { RESCUE_OUTCOMES } from '../core/own-process-event.ts';
import { type Instruments, known } from './instruments.ts';
import { countRemedy, startRemedies } from './remedy-metrics.ts';
import type { EventOf } from './sentence.ts';

const FORCED_BY = ['socket', 'SIGUSR2'] as const;
/** Those of the kernel, and two about the reading of them. */
const NOTES = [...KERNEL_NOTES, 'lost', 'unread'] as const;

/** Victims remembered at a time; control follows 256. */
const REMEMBERED = 1024;

/** What has been counted of a victim. */
interface Counted {
  life: string;
  reason: string | null;
}

/** Every combination begins at 0, so that the first increase is one for rate() and alerts. */
const startAtZero = (instruments: Instruments): void => {
  for (const killed_by of KILLED_BY) {
    for (const life of LIVES) instruments.add('oomwatchd_victims_total', 0, { killed_by, life });
  }
  for (const reason of STUCK_REASONS) instruments.add('oomwatchd_victims_delayed_total', 0, { reason });
  startRemedies(instruments);
  for (const result of REAP_RESULTS) instruments.add('oomwatchd_reaps_total', 0, { result });
  for (const scope of KILL_SCOPES) instruments.add('oomwatchd_kernel_kills_total', 0, { scope });
  for (const note of NOTES) instruments.add('oomwatchd_kernel_notes_total', 0, { note });
  for (const outcome of RESCUE_OUTCOMES) instruments.add('oomwatchd_rescues_total', 0, { outcome });
  for (const by of FORCED_BY) {
    for (const outcome of FORCED_OUTCOMES) instruments.add('oomwatchd_forced_total', 0, { by, outcome });
  }
};

/** Gives a function that counts one event; those of other kinds it leaves alone. */
export const createDyingMetrics = (instruments: Instruments): ((event: StampedEvent) => void) => {
  const counted = new Map<number, Counted>();

  startAtZero(instruments);

  const remember = (pid: number): Counted => {
    const fresh = { life: '', reason: null };
    // Those whose end was never told (the event was dropped) make room for new ones, oldest first.
    if (counted.size >= REMEMBERED) counted.delete(counted.keys().next().value ?? pid);
    counted.set(pid, fresh);
    return fresh;
  };

  /** A stage is told again when a reason is found: each of both counts once for a victim. */
  const countVictim = (event: EventOf<'victim'>): void => {
    const killed_by = known(event.killedBy, KILLED_BY);
    const enter = (life: string): void => instruments.add('oomwatchd_victims_total', 1, { killed_by, life });
    let victim = counted.get(event.pid);
    if (victim === undefined) {
      victim = remember(event.pid);
      // Who is further already when it is first told of has been there all the same.
      const first = killed_by === 'itself' ? 'exiting' : 'signalled';
      if (event.life !== first) enter(first);
    }
    if (event.life !== victim.life) enter(known(event.life, LIVES));
    if (event.reason !== null && event.reason !== victim.reason) {
      instruments.add('oomwatchd_victims_delayed_total', 1, { reason: known(event.reason, STUCK_REASONS) });
    }
    victim.life = event.life;
    victim.reason = event.reason ?? victim.reason;
    if (event.life === 'gone') counted.delete(event.pid);
  };

  return (event) => {
    switch (event.kind) {
      case 'victim':
        return countVictim(event);
      case 'reap':
        instruments.add('oomwatchd_reaps_total', 1, { result: known(event.result, REAP_RESULTS) });
        instruments.add('oomwatchd_reaped_bytes_total', event.releasedKiB * 1024);
        return instruments.observe('oomwatchd_reap_seconds', event.durationMs / 1000);
      case 'remedy':
        return countRemedy(instruments, event);
      case 'kernel_kill':
        return instruments.add('oomwatchd_kernel_kills_total', 1, { scope: known(event.scope, KILL_SCOPES) });
      case 'kernel_note':
        return instruments.add('oomwatchd_kernel_notes_total', 1, { note: known(event.note, NOTES) });
      case 'kernel_kills_unseen':
        return instruments.add('oomwatchd_kernel_kills_unseen_total', event.counted - event.seen);
      case 'kill_burst':
        return instruments.add('oomwatchd_kill_bursts_total', 1);
      case 'rescue':
        return instruments.add('oomwatchd_rescues_total', 1, { outcome: known(event.outcome, RESCUE_OUTCOMES) });
      case 'forced': {
        const by = known(event.by, FORCED_BY);
        return instruments.add('oomwatchd_forced_total', 1, { by, outcome: known(event.outcome, FORCED_OUTCOMES) });
      }
      default:
        return;
    }
  };
};
