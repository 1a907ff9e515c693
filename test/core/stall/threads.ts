/** Readings of threads, and a watch that is fed with them. */
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { emptyReading, TASK_FLAG, type ThreadReading } from '../../../src/core/thread-readings.ts';

/** A thread in direct reclaim at `atMs`, and what differs from it. */
export const aReading = (atMs: number, differences: Partial<ThreadReading> = {}): ThreadReading => ({
  ...emptyReading(),
  ...{ atMs, pid: 70, tid: 71, startTimeTicks: 5000, comm: 'java', state: 'R' },
  ...{ flags: 0x400000 | TASK_FLAG.MEMALLOC, utimeTicks: 300, majorFaults: 9 },
  ...differences,
});

/** The same in D, at a place, without PF_MEMALLOC. */
export const asleepAt = (
  place: ThreadReading['place'],
  atMs: number,
  differences: Partial<ThreadReading> = {},
): ThreadReading => aReading(atMs, { state: 'D', flags: 0x400000, place, ...differences });

export const KSWAPD = { pid: 60, tid: 60, comm: 'kswapd0', flags: 0x220840, startTimeTicks: 20 };

export const kindsOf = (events: readonly OomwatchdEvent[]): string[] => events.map(({ kind }) => kind);
