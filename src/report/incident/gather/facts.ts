/** What is remembered of one incident while it goes on: the events that its report is made of, and no more of them than fit. */

import type { CandidateFacts } from '../../../core/candidates-event.ts';
import type { MemoryFacts, StampedEvent } from '../../../core/event.ts';
import type { Recording } from '../../recorder/recorder.ts';
import type { EventOf } from '../../sentence.ts';
import type { NoticeResult } from '../incident-head.ts';
import { createKept, type Kept } from './kept.ts';
import { createKilled, type Killed } from './killed.ts';
import { createSeries, type Series } from './series.ts';

/** The numbers before the first sign, so that the picture shows from where it came. */
const BEFORE_MS = 60_000;
/** Tenths of a second are taken around the beginning, as the recorder keeps 30 s of them. */
const CLOSE_UP_BEFORE_MS = 10_000;
const CLOSE_UP_AFTER_MS = 15_000;
/** Victims with a line of their own. */
const LIVES_MAX = 64;
const NOTICES_MAX = 32;

type Kernel = EventOf<'kernel_kill' | 'kernel_note' | 'kernel_kills_unseen' | 'kill_burst'>;
type Aftermath = EventOf<'rescue' | 'sysrq' | 'remedy' | 'last_resort' | 'cgroup_rule' | 'cgroup'>;

export interface Facts {
  readonly id: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly events: Kept<StampedEvent>;
  readonly rankings: Kept<EventOf<'ranked'>>;
  readonly signals: Kept<EventOf<'signal'>>;
  readonly killed: Killed;
  readonly verdicts: Kept<EventOf<'verify'>>;
  readonly kernel: Kept<Kernel>;
  readonly livelocks: Kept<EventOf<'livelock'>>;
  readonly others: Kept<Aftermath>;
  readonly nothings: Kept<EventOf<'no_action'>>;
  /** The last of each victim, by pid. */
  readonly lives: ReadonlyMap<number, EventOf<'victim'>>;
  readonly holders: EventOf<'holders'> | undefined;
  readonly first: EventOf<'level' | 'episode_started'> | undefined;
  readonly episodeEnd: EventOf<'episode_ended'> | undefined;
  /** Memory as events told it, first, at its lowest, last. */
  readonly memory: { first: MemoryFacts; lowest: MemoryFacts; last: MemoryFacts } | undefined;
  readonly seconds: Series;
  readonly tenths: Series;
  readonly growers: readonly CandidateFacts[];
  readonly notices: readonly NoticeResult[];
}

export interface OpenFacts extends Facts {
  take(event: StampedEvent): void;
  /** Copies what the recorder has and does not keep for long; called now and then, and at the end. */
  record(recorder: Recording, nowMs: number): void;
  end(endedMs: number): void;
  note(results: readonly NoticeResult[]): void;
}

const memoryIn = (event: StampedEvent): MemoryFacts | undefined =>
  'memory' in event && typeof event.memory?.memAvailableKiB === 'number' && event.kind !== 'started'
    ? event.memory
    : undefined;

export const createFacts = (id: string, startedMs: number): OpenFacts => {
  const rankings = createKept<EventOf<'ranked'>>(4, 4);
  const signals = createKept<EventOf<'signal'>>(24, 24);
  const killed = createKilled();
  const verdicts = createKept<EventOf<'verify'>>(24, 24);
  const kernel = createKept<Kernel>(24, 24);
  const livelocks = createKept<EventOf<'livelock'>>(8, 8);
  const others = createKept<Aftermath>(16, 16);
  const nothings = createKept<EventOf<'no_action'>>(8, 8);
  const events = createKept<StampedEvent>(120, 120);
  const lives = new Map<number, EventOf<'victim'>>();
  const seconds = createSeries();
  const tenths = createSeries();
  const notices: NoticeResult[] = [];
  let growers: readonly CandidateFacts[] = [];
  let endedMs: number | null = null;
  let holders: EventOf<'holders'> | undefined;
  let first: Facts['first'];
  let episodeEnd: Facts['episodeEnd'];
  let memory: { first: MemoryFacts; lowest: MemoryFacts; last: MemoryFacts } | undefined;

  const remember = (event: StampedEvent): void => {
    switch (event.kind) {
      case 'level':
      case 'episode_started':
        // The approach of a shortage names no detector.
        if (event.detectors.length > 0) first ??= event;
        return;
      case 'episode_ended':
        episodeEnd = event;
        return;
      case 'ranked':
        rankings.add(event);
        return;
      case 'signal':
        signals.add(event);
        return;
      case 'verify':
        // Without a verdict it is only under way.
        if (event.verdict !== null) verdicts.add(event);
        return;
      case 'kernel_kill':
      case 'kernel_note':
      case 'kernel_kills_unseen':
      case 'kill_burst':
        kernel.add(event);
        return;
      case 'livelock':
        livelocks.add(event);
        return;
      case 'no_action':
        nothings.add(event);
        return;
      case 'holders':
        holders = event;
        return;
      case 'victim':
        if (lives.has(event.pid) || lives.size < LIVES_MAX) lives.set(event.pid, event);
        return;
      case 'rescue':
      case 'sysrq':
      case 'remedy':
      case 'last_resort':
      case 'cgroup_rule':
      case 'cgroup':
        others.add(event);
        return;
      default:
    }
  };

  return {
    id,
    startedMs,
    ...{
      events,
      rankings,
      signals,
      killed,
      verdicts,
      kernel,
      livelocks,
      others,
      nothings,
      lives,
      seconds,
      tenths,
      notices,
    },
    take: (event) => {
      events.add(event);
      killed.see(event);
      const now = memoryIn(event);
      if (now !== undefined) {
        const lowest = memory === undefined || now.memAvailableKiB < memory.lowest.memAvailableKiB;
        memory = { first: memory?.first ?? now, lowest: lowest || !memory ? now : memory.lowest, last: now };
      }
      remember(event);
    },
    record: (recorder, nowMs) => {
      seconds.add(recorder.seconds(startedMs - BEFORE_MS, nowMs));
      tenths.add(recorder.tenths(startedMs - CLOSE_UP_BEFORE_MS, Math.min(nowMs, startedMs + CLOSE_UP_AFTER_MS)));
      // The ranking of the beginning: later ones lack whom it cost.
      if (growers.length === 0) growers = recorder.candidates()?.top.filter(({ growthKiB }) => growthKiB > 0) ?? [];
    },
    end: (atMs) => {
      endedMs = atMs;
    },
    note: (results) => {
      notices.push(...results.slice(0, NOTICES_MAX - notices.length));
    },
    get endedMs() {
      return endedMs;
    },
    get holders() {
      return holders;
    },
    get first() {
      return first;
    },
    get episodeEnd() {
      return episodeEnd;
    },
    get memory() {
      return memory;
    },
    get growers() {
      return growers;
    },
  };
};
