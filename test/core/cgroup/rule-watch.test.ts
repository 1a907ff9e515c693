import { describe, expect, it, test } from 'vitest';
import { areMarksReached, createRuleWatch, followRules, isNamedBy } from '../../../src/core/cgroup/rule-watch.ts';
import type { CgroupRow } from '../../../src/core/cgroup-row.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { CgroupRule } from '../../../src/core/policy.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aRow, throttled, unkillable } from './rows.ts';

const rule = (yaml: string): CgroupRule => defaultPolicy(`cgroups: [${yaml}]`).cgroups[0] as CgroupRule;
const marks = (yaml: string): CgroupRule => rule(`{ cgroup: "/a", ${yaml} }`);

describe('whom a rule is about', () => {
  const byPath = rule('{ cgroup: ["/kubepods.slice/*", "/b"], memory: 1GiB }');
  const byUnit = rule('{ unit: "batch@*.service", memory: 1GiB }');
  test.each<[CgroupRule, string, boolean]>([
    [byPath, '/kubepods.slice/pod1.slice', true],
    [byPath, '/kubepods.slice/pod1.slice/app', false],
    [byPath, '/b', true],
    [byPath, '/', false],
    [byUnit, '/system.slice/batch@1.service', true],
    [byUnit, '/a.slice/a-b.slice/batch@1.service', true],
    [byUnit, '/batch@1.service', true],
    [byUnit, '/system.slice/_batch@1.service', true],
    [byUnit, '/system.slice/batch@1.service/child', false],
    [byUnit, '/user.slice/user@5.service/app.slice/batch@1.service', false],
    [byUnit, '/system.slice', false],
    [byUnit, '', false],
  ])('%#: %j', (each, path, expected) => {
    expect(isNamedBy(each, path)).toBe(expected);
  });
});

describe('its marks', () => {
  test.each<[string, CgroupRow, boolean]>([
    ['memory: "90%"', aRow({ currentKiB: 36 * MIB, maxKiB: 40 * MIB }), true],
    ['memory: "90%"', aRow({ currentKiB: 35 * MIB, maxKiB: 40 * MIB }), false],
    ['memory: "90%"', aRow({ currentKiB: 36 * MIB, maxKiB: 80 * MIB, highKiB: 40 * MIB }), true],
    ['memory: "90%"', aRow({ currentKiB: 900 * MIB }), false],
    ['memory: 1GiB', aRow({ currentKiB: 1024 * MIB }), true],
    ['memory: 1GiB', aRow({ currentKiB: ABSENT }), false],
    ['memory: "min(50%, 1GiB)"', aRow({ currentKiB: 21 * MIB, maxKiB: 40 * MIB }), true],
    ['pressure_some: "44%"', throttled(), true],
    ['pressure_some: "45%"', throttled(), false],
    ['pressure_full: "40%"', throttled(), true],
    ['pressure_full: "40%"', throttled({ fullPermyriad: ABSENT }), false],
    ['pressure_full: "40%", memory: "100%"', throttled(), true],
    ['pressure_full: "40%", memory: 1GiB', throttled(), false],
    ['oom_loop: true', unkillable(), true],
    ['oom_loop: true', throttled(), false],
  ])('{ %s } %#', (yaml, row, expected) => {
    expect(areMarksReached(marks(yaml), row)).toBe(expected);
  });
});

describe('from reading to reading', () => {
  const hot = throttled({ path: '/a' });
  /** Readings half a second apart. */
  const follow = (rules: readonly CgroupRule[], rowsAt: (second: number) => readonly CgroupRow[], seconds: number) => {
    const watch = createRuleWatch();
    const told: string[] = [];
    const demands: string[] = [];
    for (let second = 0; second <= seconds; second += 0.5) {
      const events: OomwatchdEvent[] = [];
      followRules(watch, rules, rowsAt(second), second * 1000, events);
      for (const event of events)
        if (event.kind === 'cgroup_rule') told.push(`${second} ${event.rule} ${event.outcome}`);
      demands.push(`${watch.demand?.path ?? '-'} ${watch.wanted}`);
    }
    return { watch, told, demands };
  };
  const kill = marks('pressure_full: "40%", for: 1s, action: kill');
  const tell = marks('pressure_full: "40%", for: 1s');

  it('members are wanted as soon as a mark is reached, and a deed is demanded when it has held', () => {
    expect(follow([kill], () => [hot], 1.5).demands).toEqual(['- /a', '- /a', '/a /a', '/a /a']);
    expect(follow([tell], () => [hot], 1.5).demands.every((each) => each === '- ')).toBe(true);
  });

  it('it is told when it is reached, once a minute, and when it is over', () => {
    const { told, watch } = follow([tell], (second) => (second < 70 ? [hot] : []), 80);
    expect(told).toEqual(['1 cgroups[0] reached', '61 cgroups[0] reached', '70 cgroups[0] over']);
    expect(watch.held).toEqual([]);
  });

  it('without a rule nothing is followed', () => {
    expect(follow([], () => [hot], 5)).toMatchObject({ told: [], watch: { held: [], serial: 0 } });
  });

  it('a hold that is broken begins anew, without a word', () => {
    expect(follow([kill], (second) => (second % 1 === 0 ? [hot] : []), 10).told).toEqual([]);
  });

  it('of several that are reached the first in the list counts, and of its cgroups the worst', () => {
    const first = rule('{ cgroup: "/b*", pressure_full: "40%", for: 1s, action: kill }');
    const rows = [hot, throttled({ path: '/b2' }), throttled({ path: '/b1' })];
    expect(follow([first, kill], () => rows, 1).demands.at(-1)).toBe('/b2 /b2');
  });

  it('a rule that was taken out by a reload is over', () => {
    const { watch } = follow([kill], () => [hot], 2);
    const events: OomwatchdEvent[] = [];
    followRules(watch, [], [hot], 2500, events);
    expect(events).toMatchObject([{ kind: 'cgroup_rule', outcome: 'over' }]);
    expect(watch.demand).toBeNull();
  });
});
