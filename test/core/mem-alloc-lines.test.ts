import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memAllocInfo, memAllocTask } from '../../src/core/mem-alloc-lines.ts';
import type { StalledTask } from '../../src/core/stall-event.ts';
import { ABSENT } from '../../src/core/units.ts';

const INFO = {
  kind: 'stall',
  stalling: 32,
  dying: 2,
  exiting: 1,
  victim: 4,
  oomCount: 9,
  longestMs: 0,
  seen: 0,
} as const;
const TASK: { kind: 'stalled_task' } & StalledTask = {
  ...{ kind: 'stalled_task', pid: 70, tid: 71, comm: 'java', flags: 0x400840, switches: 150, delayMs: 10_999 },
  ...{ place: 'reclaim', isUninterruptible: false, isExiting: false, isDying: false, isVictim: false },
};

it('are those of kmallocwd', () => {
  expect(memAllocInfo(INFO)).toBe('MemAlloc-Info: stalling=32 dying=2 exiting=1 victim=4 oom_count=9');
  expect(memAllocTask(TASK)).toBe('MemAlloc: java(71) flags=0x400840 switches=150 delay=1099');
  const all = { ...TASK, isUninterruptible: true, isExiting: true, isDying: true, isVictim: true };
  expect(memAllocTask(all)).toBe(
    'MemAlloc: java(71) flags=0x400840 switches=150 delay=1099 uninterruptible exiting dying victim',
  );
});

it('leave out what is not known', () => {
  expect(memAllocInfo({ ...INFO, oomCount: ABSENT })).toMatch(/ oom_count=\?$/);
  expect(memAllocTask({ ...TASK, switches: ABSENT, delayMs: ABSENT })).toBe('MemAlloc: java(71) flags=0x400840');
});

it('print the flags unsigned', () => {
  expect(memAllocTask({ ...TASK, flags: 0x80000000 })).toContain('flags=0x80000000 ');
});

it('hold one name, whatever it is: no blank, parenthesis or control character of it stays', () => {
  const comm = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 15,
  });
  fc.assert(
    fc.property(comm, (name) => {
      expect(memAllocTask({ ...TASK, comm: name })).toMatch(
        /^MemAlloc: [\x21-\x27\x2a-\x7e]*\(71\) flags=0x400840 switches/,
      );
    }),
  );
  expect(memAllocTask({ ...TASK, comm: 'a(1) flags=0\n' })).toMatch(
    /^MemAlloc: a\\x281\\x29\\x20flags\\x3d0\\x0a\(71\)/,
  );
});
