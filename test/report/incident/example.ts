/** An incident in which everything happens: thrash, a livelock, a stuck victim, a kill of the kernel, one of ours that helps. */
import type { OomwatchdEvent, ProcessFacts, StampedEvent } from '../../../src/core/event.ts';
import type { Point } from '../../../src/report/recorder/point-ring.ts';
import * as plain from '../events.ts';
import type { Recording } from './recorded.ts';

const GIB = 1024 * 1024;

/** 2026-11-25T21:34:12Z. */
export const START_MS = Date.UTC(2026, 10, 25, 21, 34, 12);

/** Breaks out of HTML, SVG, attributes, scripts, style sheets and comments where it is not escaped. */
export const EVIL = `"'></td></svg></style><script>alert(1)</script><img src=x onerror=alert(2)><!--`;

const processOf = (pid: number, comm: string, unit: string, rssGib: number): ProcessFacts => ({
  ...plain.java,
  ...{ pid, comm, unit, rssKiB: rssGib * GIB, badnessPages: Math.round((rssGib * GIB) / 4) },
});

const passedOver = { sizeKiB: 3 * GIB, oomScoreAdj: -500, pointsPages: 1000 } as const;

const memoryOf = (availableKiB: number) => ({
  ...plain.memory,
  ...{ memAvailableKiB: availableKiB, swapTotalKiB: GIB, swapFreeKiB: Math.min(GIB, availableKiB) },
});

export interface Names {
  readonly comm: string;
  readonly unit: string;
  readonly text: string;
}

const KIND: Names = { comm: 'postgres', unit: 'postgresql@15-main.service', text: 'thread 812 in D' };

export const eventsWith = ({ comm, unit, text }: Names = KIND): StampedEvent[] => {
  const java = processOf(4711, comm, unit, 2.25);
  const worker = processOf(4800, 'ruby', 'sidekiq.service', 0.7);
  const low = memoryOf(48 * 1024);
  const livelock = {
    kind: 'livelock',
    class: 'overload',
    cause: 'swap_thrash',
    confidence: 'high',
    killHelps: true,
    subject: '',
    evidence: ['workingset_refault_anon 41200/s, pswpin 39800/s', 'memory full 72 %', text],
  } as const;
  const told: readonly (readonly [number, OomwatchdEvent])[] = [
    [
      0,
      {
        kind: 'level',
        from: 'calm',
        to: 'approach',
        detectors: [],
        memory: memoryOf(0.6 * GIB),
        exhaustionMs: 9000,
        memoryFullPermyriad: 0,
      },
    ],
    [
      9000,
      {
        kind: 'level',
        from: 'approach',
        to: 'term',
        detectors: ['mem_available', 'thrash'],
        memory: low,
        exhaustionMs: 900,
        memoryFullPermyriad: 3300,
      },
    ],
    [9010, { kind: 'episode_started', episode: 1, firstSignMs: 51_000, detectors: ['mem_available', 'thrash'] }],
    [9020, { ...livelock, stage: 'begins', forMs: 0 }],
    [
      9040,
      {
        kind: 'ranked',
        episode: 1,
        scanned: 412,
        top: [java, worker, processOf(77, 'cron', '', 0.01)],
        excluded: { kernel_thread: 120, protected: 4 },
        corrections: [{ patch: 1, id: 'exclude_victims', pid: 9, comm, effect: 'passed over: a victim already' }],
        chosen: java.pid,
        choice: 'points',
        passedOver: [
          { ...passedOver, pid: 88, comm, unit, why: 'protected', rules: [text] },
          { ...passedOver, pid: 89, comm, unit, why: 'outranked', policyPoints: -300, rules: [text] },
          {
            ...{ ...passedOver, pid: 90, comm, unit, why: 'mm_group' },
            sharesWith: { pid: 88, comm, why: 'protected', isCertain: true },
          },
        ],
        scanMs: 4,
      },
    ],
    [9050, { ...plain.signal, signal: 'TERM', victim: java, memory: low, reason: 'mem_available+thrash' }],
    [14_050, { ...plain.signal, signal: 'KILL', victim: java, memory: low, reason: 'term_timeout' }],
    [19_060, { ...plain.victim, comm, reason: 'fuse', detail: `${text}; fuse connection 42` }],
    [19_080, { ...plain.verify, comm, verdict: 'stuck', returnedKiB: 0, afterMs: 5000, exited: false }],
    [
      19_100,
      {
        kind: 'ranked',
        episode: 1,
        scanned: 410,
        top: [worker],
        excluded: { already_victim: 1 },
        corrections: [],
        scanMs: 3,
      },
    ],
    [
      19_120,
      { ...plain.signal, signal: 'KILL', victim: worker, memory: low, reason: 'mem_available', errno: 1, sent: false },
    ],
    [19_400, { ...plain.kernelKill, pid: 5000, comm, memcg: `/system.slice/${unit}`, scope: 'memcg' }],
    [19_900, { kind: 'kernel_note', note: 'hung_task', text }],
    [20_100, { ...plain.holders, memory: low }],
    [20_200, { ...plain.signal, signal: 'KILL', victim: worker, memory: low, reason: 'mem_available' }],
    [20_700, { ...plain.verify, pid: 4800, comm: 'ruby', expectedKiB: 0.7 * GIB, returnedKiB: 0.68 * GIB }],
    [21_000, { ...livelock, stage: 'ends', forMs: 11_980 }],
    [
      21_100,
      {
        kind: 'level',
        from: 'kill',
        to: 'calm',
        detectors: [],
        memory: memoryOf(0.75 * GIB),
        exhaustionMs: -1,
        memoryFullPermyriad: 0,
      },
    ],
    [24_000, { kind: 'episode_ended', episode: 1, durationMs: 14_990, signals: 3, returnedKiB: 0.68 * GIB }],
  ];
  return told.map(([afterMs, event]) => ({ ...event, timeMs: START_MS + afterMs, monotonicMs: 60_000 + afterMs }));
};

/** Memory falls, stands near nothing while all tasks stall, and comes back. */
const pointAt = (second: number): Point => {
  const isShort = second >= 9 && second < 21;
  const free = second < 0 ? 0.9 : second < 9 ? 0.9 - second * 0.095 : isShort ? 0.045 : 0.75;
  return {
    ...{
      timeMs: START_MS + second * 1000,
      monotonicMs: 60_000 + second * 1000,
      level: isShort ? 2 : second < 0 ? 0 : 1,
    },
    ...{ memTotalKiB: 4 * GIB, memAvailableKiB: free * GIB, memFreeKiB: free * GIB, swapTotalKiB: GIB },
    ...{ swapFreeKiB: Math.max(0.02, free) * GIB, headroomKiB: 0, exhaustionMs: -1 },
    ...{
      someShare: isShort ? 0.9 : 0.05,
      fullShare: isShort ? 0.6 + (second % 3) / 10 : 0,
      ioFullShare: isShort ? 0.4 : 0.01,
    },
    ...{ stalling: isShort ? 14 + (second % 4) : 0, tickLateMs: 0, livelockClass: 0, livelockCause: 0 },
  };
};

export const points = Array.from({ length: 100 }, (_, at) => pointAt(at - 60));

export const exampleWith = (names: Names = KIND): Recording => ({
  ...{ events: eventsWith(names), points },
  top: [{ ...processOf(4711, names.comm, names.unit, 2.25), growthKiB: GIB }],
});
