/** Victims that are followed now, by stage and age, as the last event of each has them. */
import { LIVES, type Life } from '../core/dying.ts';
import type { StampedEvent } from '../core/event.ts';
import type { Instruments } from './instruments.ts';
import { LOST_MS } from './recorder/victims-now.ts';

/**
 * Upper bounds in seconds: most are gone within one, act.victim_timeout is 5 s, and who is there after a minute is for an
 * operator. The last one is open.
 */
const AGES = [
  ['under_1s', 1],
  ['1s_to_5s', 5],
  ['5s_to_1m', 60],
  ['over_1m', Number.POSITIVE_INFINITY],
] as const;
/** Victims remembered at a time; control follows 256. */
const REMEMBERED = 256;

interface Followed {
  life: Life;
  readonly sinceMs: number;
  heardMs: number;
}

export interface VictimAges {
  event(event: StampedEvent): void;
  /** Sets the gauges as of `nowMs` on control's monotonic clock. */
  apply(instruments: Instruments, nowMs: number): void;
}

export const createVictimAges = (): VictimAges => {
  const followed = new Map<number, Followed>();
  let droppedMs = Number.NEGATIVE_INFINITY;

  const note = (event: Extract<StampedEvent, { kind: 'victim' }>): void => {
    if (event.life === 'gone' || !LIVES.includes(event.life)) {
      followed.delete(event.pid);
      return;
    }
    const before = followed.get(event.pid);
    if (before === undefined && followed.size >= REMEMBERED) followed.delete(followed.keys().next().value ?? event.pid);
    const afterMs = Number.isFinite(event.afterMs) ? Math.max(0, event.afterMs) : 0;
    followed.set(event.pid, { life: event.life, sinceMs: event.monotonicMs - afterMs, heardMs: event.monotonicMs });
  };

  const forget = (nowMs: number): void => {
    for (const [pid, { heardMs }] of followed) {
      if (heardMs <= droppedMs && nowMs - heardMs > LOST_MS) followed.delete(pid);
    }
  };

  return {
    event: (event) => {
      if (event.kind === 'victim') note(event);
      if (event.kind === 'dropped') droppedMs = event.monotonicMs;
    },
    apply: (instruments, nowMs) => {
      forget(nowMs);
      const counts = new Map<string, number>();
      let oldestS = 0;
      for (const { life, sinceMs } of followed.values()) {
        const ageS = Math.max(0, nowMs - sinceMs) / 1000;
        oldestS = Math.max(oldestS, ageS);
        const age = AGES.find(([, below]) => ageS < below)?.[0] ?? 'over_1m';
        counts.set(`${life} ${age}`, (counts.get(`${life} ${age}`) ?? 0) + 1);
      }
      for (const life of LIVES) {
        if (life === 'gone') continue;
        for (const [age] of AGES)
          instruments.set('oomwatchd_victims', counts.get(`${life} ${age}`) ?? 0, { life, age });
      }
      instruments.set('oomwatchd_victim_oldest_seconds', oldestS);
    },
  };
};
