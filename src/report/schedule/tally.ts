/** What happened in the last 24 hours, in buckets of an hour: constant memory, and nothing is read back from anywhere. */
import type { StampedEvent } from '../../core/event.ts';

export const TALLIED = [
  'kills',
  'terms',
  'would_signal',
  'kernel_kills',
  'shortages',
  'livelocks',
  'stuck_victims',
  'no_action',
  'reload_failures',
  'events_dropped',
] as const;
export type Tallied = (typeof TALLIED)[number];

export type Figures = Readonly<Record<Tallied, number>>;

interface Tally {
  /** `nowMs`: when it came, by the same clock. */
  event(event: StampedEvent, nowMs: number): void;
  /** Since so many hours ago, 24 at the most: a reporter that was started later knows no more. */
  figures(nowMs: number): { readonly hours: number; readonly figures: Figures };
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** The hour that has begun, and 24 whole ones before it. */
const BUCKETS = HOURS + 1;

/** What an event counts for, and how much. */
const countOf = (event: StampedEvent): readonly [Tallied, number] | undefined => {
  switch (event.kind) {
    case 'signal':
      if (event.sent) return [event.signal === 'KILL' ? 'kills' : 'terms', 1];
      return event.errno === 0 ? ['would_signal', 1] : undefined;
    case 'rescue':
      return event.outcome === 'killed' ? ['kills', 1] : undefined;
    case 'kernel_kill':
      return ['kernel_kills', 1];
    case 'episode_started':
      return ['shortages', 1];
    case 'livelock':
      return event.stage === 'begins' ? ['livelocks', 1] : undefined;
    case 'victim':
      return event.life === 'stuck' ? ['stuck_victims', 1] : undefined;
    case 'no_action':
      return event.reason === 'observe_mode' || event.reason === 'waiting_for_victim' ? undefined : ['no_action', 1];
    case 'policy_rejected':
      return ['reload_failures', 1];
    case 'dropped':
      return ['events_dropped', event.count];
    default:
      return undefined;
  }
};

const zeros = (): Record<Tallied, number> =>
  Object.fromEntries(TALLIED.map((name) => [name, 0])) as Record<Tallied, number>;

/** `startMs` and `nowMs`: CLOCK_REALTIME, as the events carry it. */
export const createTally = (startMs: number): Tally => {
  const buckets = Array.from({ length: BUCKETS }, () => ({ hour: -1, counts: zeros() }));
  return {
    event: (event, nowMs) => {
      const counted = countOf(event);
      const thisHour = Math.floor(nowMs / HOUR_MS);
      // Who sets the clock back leaves events of the future in the pipe: they have happened.
      const hour = Math.min(Math.floor(event.timeMs / HOUR_MS), thisHour);
      // Who sets it forward, those of long ago: their bucket is that of another hour by now.
      if (hour < thisHour - HOURS) return;
      const bucket = Number.isSafeInteger(hour) && hour >= 0 ? buckets[hour % BUCKETS] : undefined;
      if (counted === undefined || bucket === undefined) return;
      if (bucket.hour !== hour) {
        bucket.hour = hour;
        bucket.counts = zeros();
      }
      const [name, amount] = counted;
      if (amount > 0) bucket.counts[name] += amount;
    },
    figures: (nowMs) => {
      const figures = zeros();
      const hour = Math.floor(nowMs / HOUR_MS);
      for (const { hour: of, counts } of buckets) {
        if (of > hour || of < hour - HOURS) continue;
        for (const name of TALLIED) figures[name] += counts[name];
      }
      return { hours: Math.max(0, Math.min(HOURS, Math.round((nowMs - startMs) / HOUR_MS))), figures };
    },
  };
};
