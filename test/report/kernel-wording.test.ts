import { expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { KERNEL_NOTES, KILL_SCOPES } from '../../src/core/kernel-event.ts';
import { lineOf } from '../../src/report/wording.ts';
import { kernelKill, stamped } from './events.ts';

const said = (event: OomwatchdEvent): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

test.each<[OomwatchdEvent, string]>([
  [kernelKill, 'warn: the kernel killed java (pid 4711), 2.3 GiB anonymous: the host was out of memory'],
  [
    { ...kernelKill, scope: 'memcg', memcg: '/system.slice/a b.service', anonRssKiB: -1 },
    'warn: the kernel killed java (pid 4711): the limit of a cgroup was reached, "/system.slice/a b.service"',
  ],
  [
    { kind: 'kernel_note', note: 'no_killable', text: 'Out of memory and no killable processes...' },
    'error: the kernel is out of memory and found nobody to kill: Out of memory and no killable processes...',
  ],
  [
    { kind: 'kernel_note', note: 'lost', text: '12 records' },
    'warn: records of the kernel log were overwritten before they were read: 12 records',
  ],
  [
    { kind: 'kernel_kills_unseen', counted: 3, seen: 2 },
    'warn: the kernel counted 3 OOM kills and told of 2: records were lost, or are in a shape that this version does not know; remedy: journalctl -k -g oom',
  ],
  [
    { kind: 'kill_burst', kills: 8, withinMs: 570, oomKillAllocatingTask: 1 },
    'error: the kernel killed 8 processes within 570 ms: under vm.oom_kill_allocating_task it waits for no victim; remedy: sysctl vm.oom_kill_allocating_task=0',
  ],
  [
    { kind: 'kill_burst', kills: 2, withinMs: 900, oomKillAllocatingTask: -1 },
    'warn: the kernel killed 2 processes within 900 ms, without waiting for the first',
  ],
])('%#', (event, sentence) => {
  expect(said(event)).toBe(sentence);
});

test.each(KILL_SCOPES)('a kill of scope %s has its words', (scope) => {
  expect(said({ ...kernelKill, scope })).toMatch(/^warn: the kernel killed java \(pid 4711\), 2\.3 GiB anonymous: \w/);
});

test.each([...KERNEL_NOTES, 'lost', 'unread'] as const)('the note %s has its words', (note) => {
  expect(said({ kind: 'kernel_note', note, text: 'evil\ntext' })).toMatch(/^\w+: .+: evil\\ntext$/);
});
