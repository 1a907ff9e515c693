/**
 * The flight recorder: what led up to now, at two resolutions, in memory made once. It holds what control saw while nobody
 * read the pipe as well, because control sends that later (control/backlog.ts). Names of processes in it are as the kernel
 * has them: whoever shows them escapes them.
 */
import { GAUGE_INDEX } from '../../channel/gauges.ts';
import type { CandidateFacts } from '../../core/candidates-event.ts';
import type { StampedEvent } from '../../core/event.ts';
import { createPointRing, type Point } from './point-ring.ts';
import { createVictimsNow, type VictimNow } from './victims-now.ts';

const SECOND_MS = 1000;
const SECONDS = 600;
const TENTH_MS = 100;
const TENTHS = 300;
/** A quarter of an hour of calm, a minute of a shortage that nears. */
const RANKINGS = 32;

export interface Ranking {
  readonly timeMs: number;
  readonly top: readonly CandidateFacts[];
}

export interface Recorder {
  gauges(values: Float64Array): void;
  /** Gauges of an earlier tick. */
  backlog(values: Float64Array): void;
  event(event: StampedEvent): void;
  /** 1 s points of the last 10 minutes, oldest first. */
  seconds(fromMs?: number, toMs?: number): readonly Point[];
  /** 100 ms points of the last 30 s: they come while memory is short or stalls, up to a second late; else one a second. */
  tenths(fromMs?: number, toMs?: number): readonly Point[];
  /** The last ranking that was told. */
  candidates(): Ranking | undefined;
  /** The last rankings, at most 32, oldest first: who grew before now. */
  rankings(fromMs?: number, toMs?: number): readonly Ranking[];
  /** Victims that are followed now, from 'victim' events. */
  victims(): readonly VictimNow[];
}

/** What reports of an incident are made of. */
export type Recording = Pick<Recorder, 'seconds' | 'tenths' | 'candidates'>;

/** `timeMs`: CLOCK_REALTIME, also for the numbers of a control of an older version, which does not send it. */
export const createRecorder = (timeMs: () => number): Recorder => {
  const seconds = createPointRing(SECOND_MS, SECONDS);
  const tenths = createPointRing(TENTH_MS, TENTHS);
  const victims = createVictimsNow();
  const rankings: Ranking[] = [];

  const record = (values: Float64Array): void => {
    seconds.record(values);
    tenths.record(values);
  };

  return {
    gauges: (values) => {
      if (Number.isNaN(values[GAUGE_INDEX.timeMs])) values[GAUGE_INDEX.timeMs] = timeMs();
      record(values);
    },
    backlog: record,
    event: (event) => {
      victims.event(event);
      if (event.kind !== 'candidates') return;
      rankings.push({ timeMs: event.timeMs, top: event.top });
      if (rankings.length > RANKINGS) rankings.shift();
    },
    seconds: seconds.points,
    tenths: tenths.points,
    candidates: () => rankings.at(-1),
    rankings: (fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY) =>
      rankings.filter((ranking) => ranking.timeMs >= fromMs && ranking.timeMs <= toMs),
    victims: () => victims.list(timeMs()),
  };
};
