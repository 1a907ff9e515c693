/** Words for what the kernel did and said: its own kills, and records that tell of trouble. */
import type { KillScope } from '../core/kernel-event.ts';
import { count, size, span } from './amount.ts';
import { quoted } from './printable.ts';
import { behindColon, type EventOf, named, type Sentence } from './sentence.ts';

const SCOPE_WORDS: Readonly<Record<KillScope, string>> = {
  global: 'the host was out of memory',
  memcg: 'the limit of a cgroup was reached',
  sysrq: 'SysRq-f was pressed',
  allocating_task: 'it was the one that allocated (vm.oom_kill_allocating_task)',
  unknown: 'its records do not say why',
};

export const kernelKillSentence = (event: EventOf<'kernel_kill'>): Sentence => {
  const held = event.anonRssKiB < 0 ? '' : `, ${size(event.anonRssKiB)} anonymous`;
  const where = event.memcg === '' ? '' : `, ${quoted(event.memcg, 200)}`;
  return ['warn', `the kernel killed ${named(event)}${held}: ${SCOPE_WORDS[event.scope]}${where}`];
};

const NOTE_WORDS: Readonly<Record<EventOf<'kernel_note'>['note'], Sentence>> = {
  no_killable: ['error', 'the kernel is out of memory and found nobody to kill'],
  memcg_no_killable: ['error', 'a cgroup is out of memory, and the kernel found nobody to kill in it'],
  panic_on_oom: ['error', 'the kernel panics on out-of-memory (vm.panic_on_oom)'],
  sysrq_manual: ['info', 'SysRq-f was pressed'],
  sysrq_ignored: ['warn', 'the kernel ignored SysRq-f'],
  fault_oom_leaked: ['warn', 'a page fault found no memory and is tried again'],
  allocation_failure: ['warn', 'an allocation in the kernel failed'],
  allocation_stall: ['warn', 'an allocation stalls in the kernel'],
  hung_task: ['warn', 'the kernel reports a hung task'],
  lockup: ['error', 'the kernel reports a lockup'],
  rcu_stall: ['error', 'the kernel reports an RCU stall'],
  lost: ['warn', 'records of the kernel log were overwritten before they were read'],
  unread: ['warn', 'a record of the kernel log looks like an OOM kill and is in no known shape'],
};

export const kernelNoteSentence = (event: EventOf<'kernel_note'>): Sentence => {
  const [level, words] = NOTE_WORDS[event.note];
  return [level, `${words}${behindColon(event.text)}`];
};

export const killsUnseenSentence = ({ counted, seen }: EventOf<'kernel_kills_unseen'>): Sentence => [
  'warn',
  `the kernel counted ${count(counted, 'OOM kill')} and told of ${seen}: records were lost, or are in a shape that this ` +
    'version does not know; remedy: journalctl -k -g oom',
];

export const killBurstSentence = (event: EventOf<'kill_burst'>): Sentence => {
  const burst = `the kernel killed ${count(event.kills, 'process', 'processes')} within ${span(event.withinMs)}`;
  if (event.oomKillAllocatingTask <= 0) return ['warn', `${burst}, without waiting for the first`];
  return [
    'error',
    `${burst}: under vm.oom_kill_allocating_task it waits for no victim; remedy: sysctl vm.oom_kill_allocating_task=0`,
  ];
};
