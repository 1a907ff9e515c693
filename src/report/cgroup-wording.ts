/** Words for cgroups that are short of memory within their own limits. */
import type { CgroupCondition, CgroupRuleOutcome } from '../core/cgroup-event.ts';
import { percent, size, sizeOf, span } from './amount.ts';
import { isPlainPath } from './command-words.ts';
import { printable, quoted } from './printable.ts';
import { type EventOf, inBrackets, joined, type LogLevel, type Sentence } from './sentence.ts';

/** A path may be long, and its end is what tells one pod from another. */
const PATH_LIMIT = 200;

const OVER: Readonly<Record<CgroupCondition, string>> = {
  oom_loop: 'is no longer out of memory',
  under_oom: 'is no longer out of memory',
  memory_high: 'is no longer throttled at memory.high',
  at_limit: 'no longer stalls at memory.max',
};

const WHAT: Readonly<Record<CgroupCondition, readonly [LogLevel, string]>> = {
  oom_loop: ['error', 'is out of memory again and again and the kernel kills nobody in it'],
  under_oom: ['error', 'is out of memory and its tasks sleep: oom_kill_disable keeps the kernel from killing in it'],
  memory_high: ['warn', 'is throttled at memory.high and makes next to no progress'],
  at_limit: ['info', 'stalls at its own memory.max'],
};

const cureOf = (event: EventOf<'cgroup'>): string => {
  // As in the remedies of a livelock: what stands in capitals is what the line names.
  const path = isPlainPath(event.path) ? event.path : 'PATH';
  const raise = `/sys/fs/cgroup${path}/memory`;
  switch (event.condition) {
    case 'oom_loop':
      return event.processes > 0 && event.unkillable === event.processes
        ? `all of its processes are at oom_score_adj -1000, which the kernel does not kill; remedy: raise ${raise}.max, or kill one of them by hand`
        : `a victim of it may be unable to exit; remedy: raise ${raise}.max`;
    case 'under_oom': {
      const files = `/sys/fs/cgroup/memory${path}/memory`;
      return `remedy: echo 0 > ${files}.oom_control, raise ${files}.limit_in_bytes, or kill one of its processes by hand`;
    }
    case 'memory_high':
      return `the host is not short; remedy: raise ${raise}.high, or end a process in it`;
    case 'at_limit':
      return 'the host is not short and nobody outside of it is touched';
    default:
      return '';
  }
};

export const cgroupSentence = (event: EventOf<'cgroup'>): Sentence => {
  const name = `cgroup ${quoted(event.path, PATH_LIMIT)}`;
  if (!event.holds) return ['info', `${name} ${OVER[event.condition]} after ${span(event.forMs)}`];
  const [level, words] = WHAT[event.condition];
  const held = event.limitKiB < 0 ? size(event.currentKiB) : sizeOf(event.currentKiB, event.limitKiB);
  const numbers = [
    held,
    event.condition === 'under_oom' ? '' : `${event.perS} times a second`,
    event.fullPermyriad < 0 ? '' : `all tasks stalled ${percent(event.fullPermyriad)} of the time`,
  ];
  return [
    level,
    `${joined([`${name} ${words} for ${span(event.forMs)}`, joined(numbers, ', ')], ': ')}${inBrackets(event.members)}; ${cureOf(event)}`,
  ];
};

const OUTCOME: Readonly<Record<CgroupRuleOutcome, readonly [LogLevel, string]>> = {
  reached: ['warn', 'is reached'],
  over: ['info', 'is no longer reached'],
  nobody: ['error', 'is reached, and nobody in it may be signalled'],
  protected_inside: [
    'error',
    'is reached, and nobody is killed: it takes all of the cgroup, and one in it is protected',
  ],
  unknown_inside: [
    'error',
    'is reached, and nobody is killed: it takes all of the cgroup, and not all in it are known',
  ],
  waiting_for_victim: ['info', 'is reached, and a process is dying already'],
  budget_exhausted: ['error', 'is reached, and the budget of kills is used up'],
};

export const cgroupRuleSentence = (event: EventOf<'cgroup_rule'>): Sentence => {
  const [level, words] = OUTCOME[event.outcome];
  const share = (permyriad: number, what: string): string =>
    permyriad < 0 ? '' : `${what} stalled ${percent(permyriad)} of the time`;
  const held = event.limitKiB < 0 ? size(event.currentKiB) : sizeOf(event.currentKiB, event.limitKiB);
  const numbers = [held, share(event.somePermyriad, 'some tasks'), share(event.fullPermyriad, 'all tasks')];
  const name = `rule ${quoted(event.rule)} (${printable(event.action)}) for cgroup ${quoted(event.path, PATH_LIMIT)}`;
  return [
    level,
    `${name}, for ${span(event.forMs)} now, ${words}: ${joined(numbers, ', ')}${inBrackets(event.reason)}`,
  ];
};
