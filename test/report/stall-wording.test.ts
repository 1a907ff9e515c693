import { expect, test } from 'vitest';
import { kmsgLine } from '../../src/commands/daemon/kmsg-line.ts';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import type { StalledTask } from '../../src/core/stall-event.ts';
import { ABSENT } from '../../src/core/units.ts';
import { lineOf } from '../../src/report/wording.ts';
import { stamped } from './events.ts';

const STALL: OomwatchdEvent & { kind: 'stall' } = {
  ...{ kind: 'stall', stalling: 32, dying: 1, exiting: 0, victim: 2, oomCount: 441, longestMs: 10_400, seen: 260 },
};
const TASK: { kind: 'stalled_task' } & StalledTask = {
  ...{ kind: 'stalled_task', pid: 70, tid: 71, comm: 'java', flags: 0x400840, switches: 150, delayMs: 10_400 },
  ...{ place: 'page_io', isUninterruptible: true, isExiting: false, isDying: false, isVictim: false },
};

test.each<[OomwatchdEvent, string, string | null]>([
  [
    STALL,
    'warn: MemAlloc-Info: stalling=32 dying=1 exiting=0 victim=2 oom_count=441; 32 threads stall in memory allocation among 260 threads, the longest for 10 s',
    'MemAlloc-Info: stalling=32 dying=1 exiting=0 victim=2 oom_count=441',
  ],
  [
    { ...STALL, stalling: 1, seen: ABSENT, oomCount: ABSENT },
    'warn: MemAlloc-Info: stalling=1 dying=1 exiting=0 victim=2 oom_count=?; 1 thread stalls in memory allocation, the longest for 10 s',
    'MemAlloc-Info: stalling=1 dying=1 exiting=0 victim=2 oom_count=?',
  ],
  [
    TASK,
    'warn: MemAlloc: java(71) flags=0x400840 switches=150 delay=1040 uninterruptible; thread of pid 70; waits for a page from disk or swap',
    'MemAlloc: java(71) flags=0x400840 switches=150 delay=1040 uninterruptible',
  ],
  [
    { ...TASK, pid: 71, comm: 'x(1) victim', place: 'unknown', isUninterruptible: false },
    'warn: MemAlloc: x\\x281\\x29\\x20victim(71) flags=0x400840 switches=150 delay=1040',
    'MemAlloc: x\\x281\\x29\\x20victim(71) flags=0x400840 switches=150 delay=1040',
  ],
  [
    { kind: 'stall_over', longestMs: 99_000 },
    'info: no thread stalls in memory allocation any more; the longest did for 1 min 39 s',
    null,
  ],
])('%#', (event, sentence, record) => {
  const { level, msg } = lineOf(stamped(event));
  expect(`${level}: ${msg}`).toBe(sentence);
  expect(kmsgLine(event)).toBe(record);
});
