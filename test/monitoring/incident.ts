/** An incident as control would tell it, with every kind of number and event that the dashboard shows. */
import type { Gauge } from '../../src/channel/gauges.ts';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { holders, java, kernelKill, memory, reap, signal, started, verify, victim } from '../report/events.ts';
import { livelock } from '../report/livelock-event.ts';
import { remedy } from '../report/remedy-event.ts';

const GIB = 1024 * 1024;

/** Numbers of a host that is out of memory; `second`: of the incident. */
export const numbers = (second: number): Partial<Record<Gauge, number>> => ({
  ...{ monotonicMs: 60_000 + 1000 * second, levelIndex: 3, observing: 0, rungIndex: 2, reporterRestarts: 0 },
  ...{ memTotalKiB: 4 * GIB, memAvailableKiB: 40_000, memFreeKiB: 20_000, swapTotalKiB: GIB, swapFreeKiB: 0 },
  ...{ memorySomeUs: 900_000 * second, memoryFullUs: 700_000 * second, ioFullUs: 500_000 * second },
  ...{ headroomKiB: -300_000, exhaustionMs: 4000, ticks: 10 * second, tickLateMs: 800, tickLateMaxMs: 900 },
  ...{ tickDurationUs: 2000, ownMajorFaults: second, ownRssKiB: 60_000, lockedKiB: 38_000 },
  ...{ processesKnown: 10_000, processesArmed: 64, eventsDropped: 0, standbyUp: 1 },
  ...{ stalling: 30, stallDying: 1, stallExiting: 1, stallVictim: 1, stallLongestMs: 12_000 },
  ...{ livelockClass: 1, livelockCause: 1, livelockSinceMs: 61_000 },
});

export const beforeIt: readonly OomwatchdEvent[] = [
  started,
  { kind: 'finding', finding: { name: 'mlock', status: 'warn', found: '', meaning: '', remedy: '' } },
  { kind: 'source', name: 'kmsg', up: false, fault: true, detail: 'EPERM' },
  { kind: 'rehearsed', ok: true, durationMs: 40, detail: '' },
];

export const incident: readonly OomwatchdEvent[] = [
  { ...livelock, class: 'after_kill', cause: 'file_thrash' },
  { kind: 'episode_started', episode: 1, firstSignMs: 4000, detectors: ['mem_available'] },
  {
    ...{ kind: 'level', from: 'calm', to: 'kill', detectors: ['mem_available', 'thrash'], memory },
    ...{ exhaustionMs: 4000, memoryFullPermyriad: 7000 },
  },
  {
    ...{ kind: 'ranked', episode: 1, scanned: 10_000, top: [java], excluded: { kernel_thread: 200 } },
    ...{ corrections: [], scanMs: 30 },
  },
  signal,
  { ...signal, episode: 2, sent: false },
  { ...victim, life: 'taken', reason: null },
  victim,
  { ...verify, verdict: 'stuck' },
  reap,
  remedy,
  kernelKill,
  { kind: 'kernel_note', note: 'unread', text: 'Out of memory: a text of tomorrow' },
  { kind: 'kernel_kills_unseen', counted: 2, seen: 1 },
  { kind: 'no_action', episode: 1, reason: 'all_protected', detail: '', memory },
  holders,
  { kind: 'stall', stalling: 30, dying: 1, exiting: 1, victim: 1, oomCount: 1, longestMs: 12_000, seen: 30 },
  { kind: 'late', lateMs: 1200, majorFaults: 3 },
];
