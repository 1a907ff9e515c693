/** What happened in the last 24 hours, in buckets of an hour: constant memory, and what an earlier reporter has counted is added. */
import type { StampedEvent } from '../../core/event.ts';
import { isUnanswered } from '../unanswered.ts';

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

export interface HourOfTally {
  /** Hours since 1970. */
  readonly hour: number;
  /** How much of it was heard, at most HOUR_MS. */
  readonly heardMs: number;
  readonly counts: Figures;
}

/** All that is worth keeping over a restart. */
export interface TallyState {
  /** CLOCK_REALTIME up to which it has heard. */
  readonly untilMs: number;
  /** The reporter has ended as it should, and control with it or soon after: what comes later is heard by the next one alone. */
  readonly hasEnded: boolean;
  readonly hours: readonly HourOfTally[];
}

export interface Tally {
  /** `nowMs`: when it came, by the same clock. Whether it counts for anything. */
  event(event: StampedEvent, nowMs: number): boolean;
  /** Nothing else has happened; to be called once an hour at least. */
  heard(nowMs: number): void;
  /** Of the last 24 hours, and how many of them were heard. */
  figures(nowMs: number): { readonly hours: number; readonly figures: Figures };
  state(nowMs: number, hasEnded: boolean): TallyState;
  /** Adds what an earlier reporter has counted; `nowMs` may be long after the start, as the disk may hang. */
  restore(state: TallyState, nowMs: number): void;
}

export const HOUR_MS = 3_600_000;
export const HOURS = 24;
/** The hour that has begun, and 24 whole ones before it. */
const BUCKETS = HOURS + 1;
/** An hour's tick that is half an hour late. Longer: the host was suspended, its clock was set, or nobody was there to hear. */
const SILENCE_MAX_MS = 1.5 * HOUR_MS;

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
      return isUnanswered(event.reason) ? ['no_action', 1] : undefined;
    case 'policy_rejected':
      return ['reload_failures', 1];
    case 'dropped':
      return ['events_dropped', event.count];
    default:
      return undefined;
  }
};

const hourOf = (timeMs: number): number => Math.floor(timeMs / HOUR_MS);

export const zeros = (): Record<Tallied, number> =>
  Object.fromEntries(TALLIED.map((name) => [name, 0])) as Record<Tallied, number>;

/** `startMs` and `nowMs`: CLOCK_REALTIME, as the events carry it. */
export const createTally = (startMs: number): Tally => {
  const buckets = Array.from({ length: BUCKETS }, () => ({ hour: -1, heardMs: 0, counts: zeros() }));
  let heardUntilMs = startMs;

  /** undefined: an hour that is none, or so long ago that its bucket is that of another hour by now. */
  const bucketOf = (wanted: number, nowMs: number): (typeof buckets)[number] | undefined => {
    // Who sets the clock back leaves events of the future in the pipe: they have happened.
    const hour = Math.min(wanted, hourOf(nowMs));
    const isThere = Number.isSafeInteger(hour) && hour >= 0 && hour >= hourOf(nowMs) - HOURS;
    const bucket = isThere ? buckets[hour % BUCKETS] : undefined;
    if (bucket !== undefined && bucket.hour !== hour) Object.assign(bucket, { hour, heardMs: 0, counts: zeros() });
    return bucket;
  };

  const addHeard = (hour: number, ms: number, nowMs: number): void => {
    const bucket = bucketOf(hour, nowMs);
    // An hour that the clock goes through twice has no more of them.
    if (bucket !== undefined) bucket.heardMs = Math.min(HOUR_MS, bucket.heardMs + ms);
  };

  const addSpan = (fromMs: number, toMs: number, nowMs: number): void => {
    if (toMs - fromMs > SILENCE_MAX_MS) return;
    for (let atMs = fromMs; atMs < toMs; ) {
      const endMs = Math.min(toMs, (hourOf(atMs) + 1) * HOUR_MS);
      addHeard(hourOf(atMs), endMs - atMs, nowMs);
      atMs = endMs;
    }
  };

  const heard = (nowMs: number): void => {
    addSpan(heardUntilMs, nowMs, nowMs);
    heardUntilMs = nowMs;
  };

  const hoursNow = (nowMs: number): readonly HourOfTally[] =>
    buckets.filter(({ hour }) => hour >= 0 && hour <= hourOf(nowMs) && hour >= hourOf(nowMs) - HOURS);

  return {
    event: (event, nowMs) => {
      const counted = countOf(event);
      if (counted === undefined) return false;
      heard(nowMs);
      const bucket = bucketOf(hourOf(event.timeMs), nowMs);
      const [name, amount] = counted;
      if (bucket === undefined || !(amount > 0)) return false;
      bucket.counts[name] += amount;
      return true;
    },
    heard,
    figures: (nowMs) => {
      heard(nowMs);
      const figures = zeros();
      let heardMs = 0;
      for (const hour of hoursNow(nowMs)) {
        heardMs += hour.heardMs;
        for (const name of TALLIED) figures[name] += hour.counts[name];
      }
      return { hours: Math.min(HOURS, Math.round(heardMs / HOUR_MS)), figures };
    },
    state: (nowMs, hasEnded) => {
      heard(nowMs);
      return { untilMs: nowMs, hasEnded, hours: hoursNow(nowMs) };
    },
    restore: ({ untilMs, hasEnded, hours }, nowMs) => {
      for (const { hour, heardMs, counts } of hours) {
        addHeard(hour, heardMs, nowMs);
        const bucket = bucketOf(hour, nowMs);
        if (bucket !== undefined) for (const name of TALLIED) bucket.counts[name] += counts[name];
      }
      // Control went on, and what it told meanwhile lay in the pipe.
      if (!hasEnded) addSpan(untilMs, startMs, nowMs);
    },
  };
};
