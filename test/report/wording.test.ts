import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { lineOf } from '../../src/report/wording.ts';
import { java, memory, signal, stamped, started, verify } from './events.ts';

const said = (event: OomwatchdEvent): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

const aRescue = (differences: Partial<Extract<OomwatchdEvent, { kind: 'rescue' }>>): OomwatchdEvent => ({
  ...{ kind: 'rescue', outcome: 'killed', pid: 7, comm: 'leak', sizeKiB: 300 * 1024, errno: 0 },
  ...{ lateMs: 2100, memAvailableKiB: 20 * 1024 },
  ...differences,
});

const TOMCAT = 'java (pid 4711, tomcat.service, 2.3 GiB)';
const THRASH =
  'all tasks stall on memory that is read back again and again (thrashing), MemAvailable 48 MiB of 4.0 GiB';

describe('a signal', () => {
  test.each<[string, Partial<typeof signal> | object, string]>([
    ['kill', {}, `warn: SIGKILL to ${TOMCAT}: MemAvailable 48 MiB is below the kill mark`],
    ['term', { signal: 'TERM' }, `warn: SIGTERM to ${TOMCAT}: MemAvailable 48 MiB is below the term mark`],
    [
      'two detectors',
      { reason: 'mem_available+swap_free' },
      `warn: SIGKILL to ${TOMCAT}: MemAvailable 48 MiB and SwapFree 0 KiB are below the kill mark`,
    ],
    ['thrash', { reason: 'thrash' }, `warn: SIGKILL to ${TOMCAT}: ${THRASH}`],
    ['forecast', { reason: 'forecast' }, `warn: SIGKILL to ${TOMCAT}: memory is about to run out, MemAvailable 48 MiB`],
    ['patience', { reason: 'term_timeout' }, `warn: SIGKILL to ${TOMCAT}: it did not exit in time after SIGTERM`],
    [
      'escalation by memory',
      { reason: 'kill_mark' },
      `warn: SIGKILL to ${TOMCAT}: MemAvailable 48 MiB is below the kill mark; it has not exited after SIGTERM`,
    ],
    [
      'observe mode',
      { sent: false, signal: 'TERM' },
      `warn: would send SIGTERM to ${TOMCAT}: MemAvailable 48 MiB is below the term mark (observe mode, nothing was sent)`,
    ],
    ['a victim that had gone', { errno: 3 }, `info: SIGKILL to ${TOMCAT} was not needed: it had already gone`],
    [
      'no privilege',
      { errno: 1 },
      `error: SIGKILL to ${TOMCAT} failed with EPERM, it is not ours to signal: MemAvailable 48 MiB is below the kill mark`,
    ],
    [
      'another errno',
      { errno: 22 },
      `error: SIGKILL to ${TOMCAT} failed with errno 22: MemAvailable 48 MiB is below the kill mark`,
    ],
    ['an operator who asks', { reason: 'forced' }, `warn: SIGKILL to ${TOMCAT}: an operator asked for it`],
    [
      'somebody who shares the memory of the victim',
      { company: 'mm_group', companyOf: 4700 },
      `warn: SIGKILL to ${TOMCAT}, which shares the memory of pid 4700: MemAvailable 48 MiB is below the kill mark`,
    ],
    [
      'somebody whose cgroup dies as one',
      { company: 'oom_group', companyOf: 4700, sent: false },
      `warn: would send SIGKILL to ${TOMCAT}, which dies with pid 4700 (memory.oom.group of their cgroup): MemAvailable 48 MiB is below the kill mark (observe mode, nothing was sent)`,
    ],
    [
      'a parent that replaces its children',
      { reason: 'fork_storm' },
      `warn: SIGKILL to ${TOMCAT}: it replaces its children as fast as they die, MemAvailable 48 MiB of 4.0 GiB`,
    ],
    [
      'one of those children',
      { company: 'fork_storm', companyOf: 4700, reason: 'fork_storm' },
      `warn: SIGKILL to ${TOMCAT}, which pid 4700 has forked: it replaces its children as fast as they die, MemAvailable 48 MiB of 4.0 GiB`,
    ],
    ['a reason of another version', { reason: 'new\nthing' }, `warn: SIGKILL to ${TOMCAT}: new\\nthing`],
  ])('%s', (_, change, sentence) => {
    expect(said({ ...signal, ...change })).toBe(sentence);
  });

  test('leaves out a unit that is not there and quotes a name that could mislead', () => {
    const victim = { ...java, comm: 'sshd) (pid 1', unit: '' };
    expect(said({ ...signal, victim })).toContain('SIGKILL to "sshd) (pid 1" (pid 4711, 2.3 GiB): ');
  });
});

describe('every kind has its sentence', () => {
  const detectors = ['mem_available'] as const;
  const level = { kind: 'level', detectors, memory, exhaustionMs: 12_000, memoryFullPermyriad: 2350 } as const;
  const seen = 'MemAvailable 48 MiB of 4.0 GiB';
  const finding = { name: 'mlock', found: 'off', meaning: 'slow', remedy: 'LimitMEMLOCK=infinity' };
  const noAction = { kind: 'no_action', episode: 1, memory, detail: '' } as const;

  test.each<[OomwatchdEvent, string]>([
    [started, `info: oomwatchd 0.1.0 started, enforcing; policy abcdef012345 from /etc/oomwatchd/config.yaml; ${seen}`],
    [
      { ...started, mode: 'observe', files: [] },
      `info: oomwatchd 0.1.0 started, observing, nothing will be signalled; policy abcdef012345 from built-in defaults; ${seen}`,
    ],
    [
      { kind: 'finding', finding: { ...finding, status: 'warn' } },
      'warn: mlock is off; slow; remedy: LimitMEMLOCK=infinity',
    ],
    [{ kind: 'finding', finding: { ...finding, status: 'fatal', remedy: '' } }, 'error: mlock is off; slow'],
    [{ kind: 'rehearsed', ok: true, durationMs: 80, detail: '' }, 'info: rehearsal of a kill passed in 80 ms'],
    [
      { kind: 'rehearsed', ok: false, durationMs: 2000, detail: 'EPERM' },
      'error: rehearsal of a kill FAILED after 2.0 s: EPERM',
    ],
    [
      { kind: 'drilled', outcome: 'passed', durationMs: 12, detail: 'child ended by SIGKILL' },
      'info: drill of a kill passed in 12 ms: child ended by SIGKILL',
    ],
    [
      { kind: 'drilled', outcome: 'failed', durationMs: 1, detail: 'pidfd_send_signal: EPERM' },
      'error: drill of a kill FAILED in 1 ms: pidfd_send_signal: EPERM',
    ],
    [
      { kind: 'drilled', outcome: 'not_calm', durationMs: 0, detail: '' },
      'info: drill of a kill put off, as the host is not calm',
    ],
    [
      { kind: 'policy_loaded', configHash: 'ab', mode: 'enforce', files: ['/a', '/b'] },
      'info: policy ab in force (enforce), from /a, /b',
    ],
    [
      { kind: 'policy_rejected', errors: ['a.yaml:1:2 wrong', 'a.yaml:3:4 bad'] },
      'error: new configuration rejected, the old one stays in force: a.yaml:1:2 wrong; a.yaml:3:4 bad',
    ],
    [{ kind: 'source', name: 'vmstat', up: true, fault: false, detail: '' }, 'info: source vmstat can be read'],
    [
      { kind: 'source', name: 'oom_trace', up: false, fault: false, detail: 'not mounted' },
      'info: going on without source oom_trace, which is not needed: not mounted',
    ],
    [
      { kind: 'source', name: 'psi', up: false, detail: 'ENOENT' },
      'warn: source psi cannot be read, going on without it: ENOENT',
    ],
    [
      { ...level, from: 'approach', to: 'kill' },
      `warn: memory is nearly gone, a victim is killed (mem_available): ${seen}, exhausted in 12 s at the present rate, all tasks stalled 24 % of the time`,
    ],
    [
      { ...level, from: 'term', to: 'approach', exhaustionMs: -1, memoryFullPermyriad: -1, detectors: [] },
      `info: memory is a little less short: ${seen}`,
    ],
    [
      { ...level, from: 'approach', to: 'calm', exhaustionMs: -1, memoryFullPermyriad: 0, detectors: [] },
      `info: memory is calm again: ${seen}`,
    ],
    [
      { kind: 'episode_started', episode: 3, firstSignMs: 58_800, detectors: ['mem_available', 'thrash'] },
      'warn: episode 3 begins (mem_available, thrash), first sign 1.2 s ago',
    ],
    [
      { kind: 'episode_started', episode: 3, firstSignMs: 0, detectors: [] },
      'warn: episode 3 begins: an operator asked for it',
    ],
    [
      { kind: 'episode_ended', episode: 3, durationMs: 4000, signals: 1, returnedKiB: 2.2 * 1024 ** 2 },
      'info: episode 3 is over after 4.0 s: 1 signal, 2.2 GiB came back',
    ],
    [
      {
        kind: 'ranked',
        episode: 1,
        scanned: 143,
        top: [java],
        excluded: { kernel_thread: 100 },
        corrections: [],
        scanMs: 12,
      },
      `info: ranked 143 processes in 12 ms: ${TOMCAT}; not eligible: 100 kernel_thread`,
    ],
    [
      { kind: 'ranked', episode: 1, scanned: 1, top: [], excluded: {}, corrections: [], scanMs: 0.4 },
      'info: ranked 1 process in 0.4 ms: no candidate',
    ],
    [
      { kind: 'candidates', known: 143, top: [{ ...java, growthKiB: 12 * 1024 }] },
      `debug: would be chosen first: ${TOMCAT} +12 MiB; 143 processes known`,
    ],
    [
      { kind: 'candidates', known: 2, top: [{ ...java, growthKiB: -5 }] },
      `debug: would be chosen first: ${TOMCAT}; 2 processes known`,
    ],
    [{ kind: 'candidates', known: 1, top: [] }, 'debug: nobody could be chosen; 1 process known'],
    [verify, 'info: java (pid 4711) gave back 2.2 of 2.3 GiB within 250 ms: recovered'],
    [
      { ...verify, verdict: null, exited: false, returnedKiB: -900 },
      'debug: java (pid 4711) gave back 0 of 2.3 GiB within 250 ms, is still exiting',
    ],
    [
      { ...verify, verdict: 'stuck', afterMs: 5000, returnedKiB: 0 },
      'error: java (pid 4711) gave back 0 of 2.3 GiB within 5.0 s: stuck, it cannot exit and will be passed over',
    ],
    [
      { ...noAction, reason: 'all_protected' },
      `error: nothing was done: every process that is large enough is protected; ${seen}`,
    ],
    [
      { ...noAction, reason: 'budget_exhausted', detail: '3 a minute' },
      `error: nothing was done: the budget of kills is used up (3 a minute); ${seen}`,
    ],
    [{ kind: 'late', lateMs: 1200, majorFaults: 14 }, 'warn: a tick came 1.2 s late; 14 own major faults so far'],
    [
      aRescue({}),
      'warn: control was overdue by 2.1 s: the standby process sent SIGKILL to leak (pid 7) (300 MiB), MemAvailable 20 MiB',
    ],
    [
      aRescue({ outcome: 'refused', errno: 1 }),
      'error: control was overdue by 2.1 s: the standby process was refused SIGKILL to leak (pid 7) (300 MiB) (errno 1), MemAvailable 20 MiB',
    ],
    [
      aRescue({ outcome: 'observed' }),
      'warn: control was overdue by 2.1 s: the standby process would have sent SIGKILL to leak (pid 7) (300 MiB) (observe mode, nothing was sent), MemAvailable 20 MiB',
    ],
    [
      aRescue({ outcome: 'nobody', pid: -1, comm: '', sizeKiB: 0 }),
      'error: control was overdue by 2.1 s: the standby process knew nobody who may be chosen, MemAvailable 20 MiB',
    ],
    [
      aRescue({ outcome: 'over_budget', pid: -1, comm: '', sizeKiB: 0 }),
      'error: control was overdue by 2.1 s: the standby process had no kill left, MemAvailable 20 MiB',
    ],
    [{ kind: 'standby', state: 'exited', detail: 'exit 1' }, 'warn: standby process exited: exit 1'],
    [{ kind: 'standby', state: 'started', detail: 'pid 9' }, 'info: standby process started: pid 9'],
    [{ kind: 'reporter', state: 'exited', detail: 'SIGKILL' }, 'warn: report process exited: SIGKILL'],
    [{ kind: 'dropped', count: 7 }, 'warn: 7 events did not fit into the pipe and are missing here'],
    [{ kind: 'stopping', signal: 'SIGTERM' }, 'info: stopping on SIGTERM'],
  ])('%#', (event, sentence) => {
    expect(said(event)).toBe(sentence);
  });
});

test('swap is told where there is some', () => {
  const withSwap = { ...memory, swapTotalKiB: 2048 * 1024, swapFreeKiB: 300 * 1024 };
  const { msg } = lineOf(
    stamped({ kind: 'no_action', episode: 1, reason: 'no_candidate', detail: '', memory: withSwap }),
  );
  expect(msg).toContain('MemAvailable 48 MiB of 4.0 GiB, SwapFree 300 MiB of 2.0 GiB');
});

test('files of the configuration, and what is wrong in them, are text and no bytes', () => {
  const files = ['/etc/oomwatchd/größe\x1b.yaml'];
  const loaded = lineOf(stamped({ kind: 'policy_loaded', configHash: 'abc', mode: 'observe', files }));
  expect(loaded.msg).toContain('from /etc/oomwatchd/größe\\x1b.yaml');
  expect(loaded.fields['files']).toEqual(['/etc/oomwatchd/größe\\x1b.yaml']);
  const rejected = lineOf(stamped({ kind: 'policy_rejected', errors: ['größe.yaml:1: no mapping\n'] }));
  expect(rejected.msg).toContain('größe.yaml:1: no mapping\\n');
  expect(rejected.fields['errors']).toEqual(['größe.yaml:1: no mapping\\n']);
});

test('fields have a difference of -1 KiB, which is known', () => {
  expect(lineOf(stamped({ ...verify, returnedKiB: -1 })).fields).toMatchObject({ returned_kib: -1 });
  const top = [{ ...java, growthKiB: -1, swapKiB: -1 }];
  const { top: rows } = lineOf(stamped({ kind: 'candidates', known: 1, top })).fields as { top: object[] };
  expect(rows[0]).toMatchObject({ growth_kib: -1 });
  expect(rows[0]).not.toHaveProperty('swap_kib');
});

test('fields carry the raw numbers in snake_case and leave out what is not known', () => {
  const { fields } = lineOf(stamped({ ...signal, victim: { ...java, uid: -1, comm: 'a\x1b[0m' } }));
  expect(fields).toEqual({
    episode: 1,
    signal: 'KILL',
    reason: 'mem_available',
    sent: true,
    errno: 0,
    since_verdict_ms: 12,
    company: '',
    company_of: -1,
    memory: {
      mem_total_kib: 4194304,
      mem_available_kib: 49152,
      mem_free_kib: 20480,
      swap_total_kib: 0,
      swap_free_kib: 0,
    },
    victim: {
      pid: 4711,
      comm: 'a\\x1b[0m',
      start_time_ticks: 123456,
      unit: 'tomcat.service',
      exe: '/usr/bin/java',
      rss_kib: 2359296,
      swap_kib: 0,
      page_tables_kib: 5120,
      // -1 is an adjustment like any other.
      oom_score_adj: -1,
      badness_pages: 600000,
    },
  });
});
