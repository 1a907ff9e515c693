import { describe, expect, test } from 'vitest';
import { STUCK_REASONS } from '../../src/core/dying.ts';
import type { CorrectionFacts, OomwatchdEvent } from '../../src/core/event.ts';
import { STUCK_WORDS } from '../../src/report/stuck-remedy.ts';
import { lineOf } from '../../src/report/wording.ts';
import { forced, java, reap, stamped, victim } from './events.ts';

const said = (event: OomwatchdEvent): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

const JAVA = 'java (pid 4711), 2.3 GiB,';
const FUSE =
  'it waits for a FUSE server that does not answer (thread 4712 in D, wchan request_wait_answer; fuse connection 42); ' +
  'remedy: echo 1 > /sys/fs/fuse/connections/42/abort';

describe('the life of a victim', () => {
  const young = { ...victim, afterMs: 50, reason: null, detail: '' } as const;

  test.each<[OomwatchdEvent, string]>([
    [{ ...young, life: 'signalled' }, `debug: ${JAVA} killed by us 50 ms ago, has not taken the signal yet`],
    [
      { ...young, life: 'taken', killedBy: 'other' },
      `debug: ${JAVA} killed by somebody else 50 ms ago, has taken the signal`,
    ],
    [
      { ...young, life: 'exiting', killedBy: 'itself', sizeKiB: -1 },
      'info: java (pid 4711), exiting by itself 50 ms ago, is exiting, its memory is still attached',
    ],
    [
      { ...young, life: 'reaped' },
      `info: ${JAVA} killed by us 50 ms ago, has given its memory back and is not gone yet`,
    ],
    [
      { ...victim, life: 'reaped', afterMs: 1000 },
      `warn: ${JAVA} killed by us 1.0 s ago, has given its memory back and does not go: ${FUSE}`,
    ],
    [{ ...young, life: 'gone', killedBy: 'kernel' }, `info: ${JAVA} killed by the kernel 50 ms ago, is gone`],
    // Strangers may kill each other as they like.
    [{ ...young, life: 'gone', killedBy: 'other' }, `debug: ${JAVA} killed by somebody else 50 ms ago, is gone`],
    [{ ...victim, life: 'taken', afterMs: 1000 }, `warn: ${JAVA} killed by us 1.0 s ago, is not gone: ${FUSE}`],
    [victim, `error: ${JAVA} killed by us 5.0 s ago, is stuck, nobody waits for it any more: ${FUSE}`],
    [
      { ...victim, killedBy: 'other', reason: null, detail: '' },
      `warn: ${JAVA} killed by somebody else 5.0 s ago, is stuck, nobody waits for it any more`,
    ],
  ])('%#', (event, sentence) => {
    expect(said(event)).toBe(sentence);
  });

  test('the remedy is for what it really waits for, behind its lock or its dump', () => {
    const behindFuse = { ...victim, reason: 'mmap_lock', detail: 'thread 4 (D); fuse connection 26 (/mnt)' } as const;
    expect(said(behindFuse)).toContain('remedy: echo 1 > /sys/fs/fuse/connections/26/abort');
    const behindFreeze = { ...victim, reason: 'core_dump', detail: 'thread 4 (D) in percpu_rwsem_wait' } as const;
    expect(said(behindFreeze)).toContain('remedy: fsfreeze -u');
    const behindSuspend = { ...victim, reason: 'device', detail: 'thread 4 (D) in percpu_rwsem_wait; dm-0' } as const;
    expect(said(behindSuspend)).toContain('remedy: dmsetup resume');
  });

  test.each(STUCK_REASONS)('stuck by %s: cause and a command', (reason) => {
    const { cause, remedy } = STUCK_WORDS[reason];
    expect(said({ ...victim, reason, detail: '' })).toMatch(/: (it|its|a|nothing) .*; remedy: \S.*$/);
    expect(said({ ...victim, reason, detail: '' })).toContain(`: ${cause}; remedy: ${remedy}`);
  });
});

describe('process_mrelease', () => {
  test.each<[Partial<typeof reap> | object, string]>([
    [{}, 'info: process_mrelease of java (pid 4711) gave its memory back (43 ms, 1 try, 2.2 GiB)'],
    [
      { result: 'hung', durationMs: 1000, releasedKiB: 0 },
      'error: process_mrelease of java (pid 4711) has not returned: a thread holds mmap_lock for write (1.0 s, 1 try)',
    ],
    [
      { result: 'sharer_alive', tries: 3, releasedKiB: -1 },
      'warn: process_mrelease of java (pid 4711) was refused: a process that lives on shares the memory (43 ms, 3 tries)',
    ],
  ])('%#', (change, sentence) => {
    expect(said({ ...reap, ...change })).toBe(sentence);
  });
});

describe('a forced selection', () => {
  test.each<[Partial<typeof forced> | object, string]>([
    [{}, 'warn: forced selection (kill-now, "deploy stuck"): pid 4711 was signalled'],
    [{ by: 'SIGUSR2', reason: 'SIGUSR2' }, 'warn: forced selection (SIGUSR2): pid 4711 was signalled'],
    [
      { outcome: 'observed', reason: '' },
      'info: forced selection (kill-now): pid 4711 would have been signalled; nothing was done',
    ],
    [
      { outcome: 'pressed', reason: '' },
      'warn: forced selection (kill-now): pid 4711 is whom the kernel takes: SysRq-f was pressed',
    ],
    [
      { outcome: 'nobody', reason: 'x', pid: -1, detail: 'all_protected' },
      'warn: forced selection (kill-now, x): nobody could be chosen: every process that is large enough is protected',
    ],
    [
      { outcome: 'nobody', reason: 'x', pid: -1, detail: 'pid 9 is exiting (patch 2)' },
      'warn: forced selection (kill-now, x): nobody could be chosen: pid 9 is exiting (patch 2)',
    ],
    [
      { outcome: 'not_pressed', reason: '', detail: 'EROFS' },
      'error: forced selection (kill-now): SysRq-f was not pressed: EROFS',
    ],
  ])('%#', (change, sentence) => {
    expect(said({ ...forced, ...change })).toBe(sentence);
  });

  test('the reason of whoever asks cannot pass for our words', () => {
    expect(said({ ...forced, reason: 'x): pid 1 was signalled\n' })).toContain(
      '(kill-now, "x): pid 1 was signalled\\n"): ',
    );
  });
});

describe('the corrections in a ranking', () => {
  const correction: CorrectionFacts = {
    patch: 1,
    id: 'exclude_victims',
    pid: 9,
    comm: 'old) (x',
    effect: 'passed over: it is being killed already',
  };
  const ranked = (count: number): OomwatchdEvent => ({
    kind: 'ranked',
    episode: 1,
    scanned: 143,
    top: [java],
    excluded: {},
    corrections: Array.from({ length: count }, () => correction),
    scanMs: 12,
  });
  const told = '; patch 1: "old) (x" (pid 9) passed over: it is being killed already';

  test('are told with who and what, the first three of them', () => {
    expect(said(ranked(1))).toBe(
      `info: ranked 143 processes in 12 ms: java (pid 4711, tomcat.service, 2.3 GiB)${told}`,
    );
    expect(said(ranked(5)).endsWith(`${told}${told}${told}; 2 more of these`)).toBe(true);
  });

  test('may be missing in an event of an older control', () => {
    const { corrections: _, ...old } = ranked(0) as Extract<OomwatchdEvent, { kind: 'ranked' }>;
    expect(said(old as OomwatchdEvent)).toMatch(/^info: ranked 143 processes/);
  });
});
