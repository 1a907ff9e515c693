import { expect, test } from 'vitest';
import { judge, reasonsOf } from '../../../src/commands/inspect/judge.ts';
import { GIB } from '../../../src/core/units.ts';
import { tableOf } from '../../core/support/tables.ts';
import { defaultPolicy } from '../../support/policy.ts';

test.each([
  ['knows', { mmGroup: 1 }, 'shares'],
  ['supposes', { mmKey: 7 }, 'may share'],
])('who may not be killed for the memory that it %s to be shared is told with whom', (_, mm, verb) => {
  const policy = defaultPolicy();
  const table = tableOf([
    { pid: 80, rssKiB: GIB, ...mm },
    { pid: 81, rssKiB: GIB, comm: 'x) (pid 1', protectRule: 0, ...mm },
  ]);
  expect(reasonsOf(table, policy, judge(table, policy, 8 * GIB), 0)).toEqual([
    `${verb} its memory with "x) (pid 1" (pid 81), which may not be killed: protected`,
  ]);
});
