import { expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';
import { lineOf } from '../../src/report/wording.ts';
import { stamped } from './events.ts';

const said = (event: OomwatchdEvent): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

const high = {
  kind: 'cgroup',
  path: '/app.slice/a.service',
  condition: 'memory_high',
  holds: true,
  forMs: 5000,
  currentKiB: 41 * MIB,
  limitKiB: 40 * MIB,
  perS: 30,
  fullPermyriad: 4300,
  processes: ABSENT,
  unkillable: ABSENT,
  members: '',
} as const satisfies OomwatchdEvent;

test.each<[OomwatchdEvent, string]>([
  [
    high,
    'warn: cgroup /app.slice/a.service is throttled at memory.high and makes next to no progress for 5.0 s: 41 of 40 MiB, 30 times a second, all tasks stalled 43 % of the time; the host is not short; remedy: raise /sys/fs/cgroup/app.slice/a.service/memory.high, or end a process in it',
  ],
  [
    { ...high, holds: false, forMs: 20_000 },
    'info: cgroup /app.slice/a.service is no longer throttled at memory.high after 20 s',
  ],
  [
    { ...high, condition: 'at_limit', limitKiB: ABSENT, fullPermyriad: ABSENT },
    'info: cgroup /app.slice/a.service stalls at its own memory.max for 5.0 s: 41 MiB, 30 times a second; the host is not short and nobody outside of it is touched',
  ],
  [
    { ...high, condition: 'oom_loop', processes: 1, unkillable: 1, members: 'pid 7 (conmon) at oom_score_adj -1000' },
    'error: cgroup /app.slice/a.service is out of memory again and again and the kernel kills nobody in it for 5.0 s: 41 of 40 MiB, 30 times a second, all tasks stalled 43 % of the time (pid 7 (conmon) at oom_score_adj -1000); all of its processes are at oom_score_adj -1000, which the kernel does not kill; remedy: raise /sys/fs/cgroup/app.slice/a.service/memory.max, or kill one of them by hand',
  ],
  [
    { ...high, condition: 'under_oom', forMs: 0, currentKiB: 40 * MIB, perS: 0, fullPermyriad: ABSENT },
    'error: cgroup /app.slice/a.service is out of memory and its tasks sleep: oom_kill_disable keeps the kernel from killing in it for 0 ms: 40 of 40 MiB; remedy: echo 0 > /sys/fs/cgroup/memory/app.slice/a.service/memory.oom_control, raise /sys/fs/cgroup/memory/app.slice/a.service/memory.limit_in_bytes, or kill one of its processes by hand',
  ],
  [
    { ...high, condition: 'under_oom', holds: false },
    'info: cgroup /app.slice/a.service is no longer out of memory after 5.0 s',
  ],
  [
    { ...high, condition: 'oom_loop', processes: 2, unkillable: 1 },
    'error: cgroup /app.slice/a.service is out of memory again and again and the kernel kills nobody in it for 5.0 s: 41 of 40 MiB, 30 times a second, all tasks stalled 43 % of the time; a victim of it may be unable to exit; remedy: raise /sys/fs/cgroup/app.slice/a.service/memory.max',
  ],
])('%#', (event, sentence) => {
  expect(said(event)).toBe(sentence);
});

const rule = {
  kind: 'cgroup_rule',
  rule: 'cgroups[0]',
  path: '/app.slice/a.service',
  outcome: 'reached',
  action: 'kill',
  forMs: 10_000,
  currentKiB: 41 * MIB,
  limitKiB: 40 * MIB,
  somePermyriad: 6000,
  fullPermyriad: 4300,
  reason: 'batch',
} as const satisfies OomwatchdEvent;

test.each<[OomwatchdEvent, string]>([
  [
    rule,
    'warn: rule "cgroups[0]" (kill) for cgroup /app.slice/a.service, for 10 s now, is reached: 41 of 40 MiB, some tasks stalled 60 % of the time, all tasks stalled 43 % of the time (batch)',
  ],
  [
    { ...rule, outcome: 'protected_inside', limitKiB: ABSENT, somePermyriad: ABSENT, fullPermyriad: ABSENT },
    'error: rule "cgroups[0]" (kill) for cgroup /app.slice/a.service, for 10 s now, is reached, and nobody is killed: it takes all of the cgroup, and one in it is protected: 41 MiB (batch)',
  ],
])('rule %#', (event, sentence) => {
  expect(said(event)).toBe(sentence);
});

test.each([
  ['more than a word to a shell', '/a;reboot/b'],
  ['shortened here', `/${'a'.repeat(300)}`],
])('lets no path into a command that is %s', (_, path) => {
  for (const condition of ['oom_loop', 'under_oom', 'memory_high'] as const) {
    const remedy = said({ ...high, path, condition }).split('remedy: ')[1] ?? '';
    expect(remedy).toContain('/sys/fs/cgroup');
    expect(remedy).toContain('PATH/memory.');
    expect(remedy).not.toContain('reboot');
    expect(remedy).not.toContain('...');
  }
});
