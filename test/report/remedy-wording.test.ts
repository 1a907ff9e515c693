import { expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { lineOf } from '../../src/report/wording.ts';
import { stamped } from './events.ts';
import { remedy } from './remedy-event.ts';

type Remedy = Extract<OomwatchdEvent, { kind: 'remedy' }>;

const fuse: Remedy = {
  ...{
    ...remedy,
    remedy: 'abort_fuse',
    object: '42',
    place: '/mnt/my share',
    oldValue: '3 waiting',
    newValue: 'aborted',
  },
  detail: '/sys/fs/fuse/connections/42/abort',
};
const high: Remedy = {
  ...remedy,
  ...{ remedy: 'lift_memory_high' as const, object: '/slow', pid: -1, comm: '' },
  ...{ oldValue: '20971520', newValue: '4315938816', detail: '' },
};
const RAISED = '20971520 (20 MiB) -> 4315938816 (4.0 GiB)';

test.each<[OomwatchdEvent, string]>([
  [
    { ...remedy, stage: 'before', result: null, detail: 'thread 4712 (D) in __refrigerator' },
    'warn: remedy: thawing frozen cgroup (v1) /docker/a, FROZEN -> THAWED, for the victim java (pid 4711): thread 4712 (D) in __refrigerator',
  ],
  [
    remedy,
    'warn: remedy: frozen cgroup (v1) /docker/a is thawed after 40 ms, FROZEN -> THAWED, for the victim java (pid 4711) (/docker/a)',
  ],
  [
    { ...remedy, stage: 'effect', effect: 'victim_gone', afterMs: 300 },
    'info: remedy: frozen cgroup (v1) /docker/a: the victim is gone, 300 ms after it was begun, for the victim java (pid 4711)',
  ],
  [
    { ...fuse, stage: 'effect', effect: 'victim_stays', afterMs: 5000 },
    'warn: remedy: FUSE connection 42 (mounted at "/mnt/my share"): the victim has not gone all the same, 5.0 s after it was begun, for the victim java (pid 4711)',
  ],
  [
    { ...fuse, result: 'refused', errno: 13, newValue: '' },
    'error: remedy: FUSE connection 42 (mounted at "/mnt/my share") could not be changed (errno 13), for the victim java (pid 4711) (/sys/fs/fuse/connections/42/abort)',
  ],
  [
    { ...fuse, result: 'hung', afterMs: 5000, detail: '' },
    'error: remedy: FUSE connection 42 (mounted at "/mnt/my share") does not answer: the write hangs in the kernel, 3 waiting -> aborted, for the victim java (pid 4711)',
  ],
  [
    {
      ...remedy,
      remedy: 'thaw_file_system',
      object: '7:0',
      place: '/srv',
      result: 'changed',
      oldValue: '',
      detail: 'the thread is in another call by now',
    },
    'info: remedy: frozen file system 7:0 (mounted at /srv) was not touched: it is not as it was, for the victim java (pid 4711) (the thread is in another call by now)',
  ],
  [{ ...high, stage: 'before', result: null }, `warn: remedy: raising memory.high of /slow, ${RAISED}`],
  [
    { ...high, result: 'observed' },
    `info: remedy: memory.high of /slow would have been raised; nothing was done, ${RAISED}`,
  ],
  [
    { ...high, stage: 'effect', effect: 'stall_over', afterMs: 5000 },
    'info: remedy: memory.high of /slow: the cgroup moves again, 5.0 s after it was begun',
  ],
  [
    { ...high, stage: 'effect', effect: 'stall_goes_on', afterMs: 5000 },
    'warn: remedy: memory.high of /slow: the cgroup is held up all the same, 5.0 s after it was begun',
  ],
  [
    { ...high, stage: 'withheld', result: null, newValue: '', detail: 'the host can spare 15 MiB' },
    'warn: remedy: memory.high of /slow stays at 20971520 (20 MiB), though nothing moves there: the host can spare 15 MiB',
  ],
  [
    { ...high, remedy: 'restore_memory_high', oldValue: high.newValue, newValue: high.oldValue, afterMs: 20 },
    'warn: remedy: memory.high of /slow is put back after 20 ms, 4315938816 (4.0 GiB) -> 20971520 (20 MiB)',
  ],
])('%#', (event, expected) => {
  const { level, msg } = lineOf(stamped(event));
  expect(`${level}: ${msg}`).toBe(expected);
});
