import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kmsgLine } from '../../../src/commands/daemon/kmsg-line.ts';
import { KILLED_BY, REAP_RESULTS } from '../../../src/core/dying.ts';
import { FORCED_OUTCOMES, type OomwatchdEvent } from '../../../src/core/event.ts';
import { anyEvent, forced, holders, kernelKill, reap, signal, victim } from '../../report/events.ts';
import { remedy } from '../../report/remedy-event.ts';

/** memory.high of a cgroup, for no victim. */
const HIGH = {
  ...{
    remedy: 'lift_memory_high' as const,
    object: '/slow',
    pid: -1,
    comm: '',
    oldValue: '20971520',
    newValue: '4315938816',
  },
} as const;

import { livelock } from '../../report/livelock-event.ts';

const told = <T extends string>(names: readonly T[], eventOf: (name: T) => OomwatchdEvent): T[] =>
  names.filter((name) => kmsgLine(eventOf(name)) !== null);

describe('a line for the kernel log', () => {
  test.each<[OomwatchdEvent, string]>([
    [
      signal,
      'sent SIGKILL to process 4711 (java) uid:1000 rss:2359296kB swap:0kB oom_score_adj:-1 reason:mem_available mem_available:49152kB swap_free:0kB',
    ],
    [
      { ...signal, sent: false, company: 'mm_group', companyOf: 4700 },
      'would send SIGKILL to process 4711 (java) uid:1000 rss:2359296kB swap:0kB oom_score_adj:-1 reason:mem_available mm_group:4700 mem_available:49152kB swap_free:0kB',
    ],
    [
      { ...victim, sizeKiB: 102_400, afterMs: 5000.4 },
      'victim 4711 (java) of oomwatchd is stuck after 5000 ms size:102400kB reason:fuse (thread 4712 in D, wchan request_wait_answer; fuse connection 42)',
    ],
    [
      { ...victim, killedBy: 'kernel', sizeKiB: -1, reason: null, detail: '' },
      'victim 4711 (java) of kernel is stuck after 5000 ms size:-1kB reason:unknown',
    ],
    [
      { ...reap, result: 'hung', durationMs: 1000, releasedKiB: 0 },
      'process_mrelease of 4711 (java) failed: hung tries:1 after 1000 ms',
    ],
    [
      holders,
      'memory that no kill returns: tmpfs /dev/shm 3145728kB, memfd pid 4711 (ja?va) memfd:heap 524288kB mem_available:49152kB',
    ],
    [
      { ...remedy, stage: 'before', result: null, detail: 'thread 4712 (D) in __refrigerator' },
      'remedy before: thaw_freezer_v1 of /docker/a for victim 4711 (java) old:"FROZEN" new:"THAWED" (thread 4712 (D) in __refrigerator)',
    ],
    [
      {
        ...remedy,
        remedy: 'abort_fuse',
        object: '42',
        place: '/mnt/x',
        oldValue: '3 waiting',
        newValue: '1',
        detail: '',
      },
      'remedy after: abort_fuse of 42 at /mnt/x for victim 4711 (java) old:"3 waiting" new:"1" result:done errno:0',
    ],
    [
      { ...remedy, ...HIGH, result: 'refused', errno: 30, detail: '' },
      'remedy after: lift_memory_high of /slow old:"20971520" new:"4315938816" result:refused errno:30',
    ],
    [
      livelock,
      'livelock other: memory_high in /system.slice/db.service confidence:high kill_helps:yes (memory.current 24 MiB above memory.high 20 MiB, 31 high events/s)',
    ],
    [
      { ...livelock, class: 'before_kill', cause: 'shmem', subject: '', killHelps: false, evidence: ['a\nb'] },
      'livelock before_kill: shmem confidence:high kill_helps:no (a?b)',
    ],
    [forced, 'forced selection by socket: signalled process 4711 reason:"deploy stuck"'],
    [
      { ...forced, by: 'SIGUSR2', outcome: 'not_pressed', pid: -1, detail: 'EROFS' },
      'forced selection by SIGUSR2: not_pressed reason:"deploy stuck" EROFS',
    ],
  ])('%#', (event, line) => {
    expect(kmsgLine(event)).toBe(line);
  });

  test('is not for what went well, what strangers did, or what was only looked at', () => {
    expect(kmsgLine(kernelKill)).toBeNull();
    expect(kmsgLine({ ...holders, holders: [] })).toBeNull();
    expect(kmsgLine({ ...remedy, stage: 'effect', effect: 'victim_gone' })).toBeNull();
    expect(kmsgLine({ ...remedy, ...HIGH, result: 'not_yet' })).toBeNull();
    expect(kmsgLine({ ...livelock, stage: 'changes' })).toBeNull();
    expect(kmsgLine({ ...livelock, stage: 'ends' })).toBeNull();
    expect(kmsgLine({ ...victim, life: 'taken' })).toBeNull();
    expect(told(KILLED_BY, (killedBy) => ({ ...victim, killedBy }))).toEqual(['oomwatchd', 'standby', 'kernel']);
    expect(told(REAP_RESULTS, (result) => ({ ...reap, result }))).toEqual([
      'hung',
      'sharer_alive',
      'core_dump',
      'not_dying',
      'failed',
    ]);
    expect(told(FORCED_OUTCOMES, (outcome) => ({ ...forced, outcome }))).toEqual([
      'signalled',
      'pressed',
      'not_pressed',
    ]);
  });

  test('has printable ASCII only and an end, whatever strangers call themselves', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        // Its codes are those of control itself, never of strangers.
        const known = event.kind === 'signal' ? { ...event, reason: 'thrash' } : event;
        const line = kmsgLine(known);
        if (line === null) return;
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.length).toBeLessThan(700);
      }),
      { numRuns: 2000 },
    );
  });
});
