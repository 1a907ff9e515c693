import { expect, it } from 'vitest';
import { HISTORY, LINUX_4_5 } from '../../../src/core/kernel-model/behaviour.ts';
import { BECAUSE, BECAUSE_WORDS } from '../../../src/core/kernel-model/decision.ts';
import { differenceOf } from '../../../src/core/kernel-model/difference.ts';
import { behaviourOf, KERNEL_VERSIONS, nearestVersion, PATCHES } from '../../../src/core/kernel-model/versions.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { GIB } from '../../../src/core/units.ts';
import { KNOWN } from '../support/tables.ts';
import { SYSRQ, situationOf, told } from './situations.ts';

it.each([
  [2, 6, '4.5'],
  [4, 4, '4.5'],
  [4, 5, '4.5'],
  [4, 6, '4.6'],
  [4, 19, '4.9'],
  [5, 4, '5.3'],
  [5, 10, '5.10'],
  [5, 15, '5.10'],
  [6, 6, '6.1'],
  [6, 18, '6.12'],
  [7, 2, '7.2'],
  [8, 0, '7.2'],
] as const)('%i.%i is answered for by the model of %s', (major, minor, expected) => {
  expect(nearestVersion(major, minor)).toBe(expected);
});

it('every release that changed something is one that can be asked', () => {
  for (const { since, source } of HISTORY) {
    expect(KERNEL_VERSIONS).toContain(since);
    expect(source).toMatch(/^([0-9a-f]{12} )?(mm|oom)/);
  }
});

it('of the series only patch 2 was merged', () => {
  const never = [
    'excludesVictims',
    'sparesOriginVictim',
    'sparesOriginUnkillable',
    'waitsUnderAllocatingTask',
  ] as const;
  const newest = behaviourOf('7.2');
  for (const name of never) expect([name, newest[name]]).toEqual([name, false]);
  expect(newest.abortsOnExiting).toBe(false);
  expect(newest.victimTimerMs).toBe(Number.POSITIVE_INFINITY);
});

it('the patches change no more than their own switches', () => {
  const { abortsOnExiting, ...patched } = behaviourOf('4.5+patches');
  expect(abortsOnExiting).toBe(false);
  expect({ ...LINUX_4_5, abortsOnExiting }).toEqual({
    ...patched,
    abortsOnExiting,
    excludesVictims: false,
    sparesOriginVictim: false,
    sparesOriginUnkillable: false,
    victimTimerMs: Number.POSITIVE_INFINITY,
    waitsUnderAllocatingTask: false,
  });
  expect(PATCHES).toEqual([1, 2, 3, 4, 5, 6]);
});

it('every reason has words, which need no name of a constant', () => {
  for (const reason of BECAUSE) expect(BECAUSE_WORDS[reason]).toMatch(/^(it|there) /);
});

const big = { rssKiB: 9 * GIB };
const origin = { rssKiB: GIB, flags: KNOWN | FLAG.ORIGIN };

it.each([
  ['6.1', [big, { ...origin, oomScoreAdj: -1000 }], {}, [4], 'kill 1001: origin', 'kill 1000: largest'],
  ['6.1', [big, { ...origin, victimMs: 9999 }], SYSRQ, [3], 'nothing 1001: already_victim_again', 'kill 1000: largest'],
  ['6.1', [{ ...big, victimMs: 0 }, {}], SYSRQ, [1], 'nothing 1000: already_victim_again', 'kill 1001: largest'],
  ['4.5', [big, { flags: KNOWN | FLAG.EXITING }], {}, [2], 'wait 1001: waits_for_exiting', 'kill 1000: largest'],
  ['4.5', [big, { victimMs: 9999 }], {}, [5], 'wait 1001: waits_for_victim', 'kill 1000: largest'],
  [
    '6.1',
    [big, { victimMs: 0 }],
    { oomKillAllocatingTask: true, currentSlot: 0 },
    [6],
    'kill 1000: allocating_task',
    'wait 1001: waits_for_victim',
  ],
  // One after the other: not the first choice, nor the largest.
  [
    '4.5',
    [{ ...origin, rssKiB: 10 * GIB, victimMs: 0 }, big, { ...origin, oomScoreAdj: -1000, victimMs: 0 }],
    SYSRQ,
    [4, 1],
    'nothing 1002: already_victim_again',
    'kill 1001: largest',
  ],
  ['7.2', [big, {}], {}, [], 'kill 1000: largest', 'kill 1000: largest'],
] as const)('%s, %j, %j: patches %j make the difference', (version, rows, differences, patches, before, after) => {
  const situation = situationOf(rows, differences);
  const difference = differenceOf(behaviourOf(version), situation.table, situation.context);
  expect(difference.patches).toEqual(patches);
  expect(told(situation, difference.kernel)).toBe(before);
  expect(told(situation, difference.patched)).toBe(after);
});
