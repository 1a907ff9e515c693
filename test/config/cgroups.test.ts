import { describe, expect, test } from 'vitest';
import { policyFromSources } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { ABSENT } from '../../src/core/units.ts';
import { defaultPolicy, TEST_USERS } from '../support/policy.ts';

const problemsIn = (rule: string): string[] => {
  const loaded = policyFromSources([{ file: 'c.yaml', label: '', text: `cgroups:\n  - ${rule}\n` }], TEST_USERS);
  return 'errors' in loaded ? loaded.errors.map(formatProblem) : [];
};

describe('a rule for cgroups', () => {
  test('becomes globs, marks and what is done', () => {
    const text =
      'cgroups: [{ cgroup: /a/*, unit: [b.service], memory: "min(90%, 1GiB)", pressure_some: 60%, pressure_full: 40%, oom_loop: true, for: 5s, action: kill, scope: unit, kill_unkillable: true, reason: why }]';
    expect(defaultPolicy(text).cgroups).toEqual([
      {
        id: 'cgroups[0]',
        cgroup: ['/a/*'],
        unit: ['b.service'],
        memory: { kib: 1024 * 1024, permyriad: 9000 },
        somePermyriad: 6000,
        fullPermyriad: 4000,
        oomLoop: true,
        holdMs: 5000,
        action: 'kill',
        scope: 'unit',
        unkillable: true,
        reason: 'why',
      },
    ]);
  });

  test('tells after ten seconds, takes one process and nobody at -1000 when nothing else is said', () => {
    expect(defaultPolicy('cgroups: [{ unit: b.service, oom_loop: true }]').cgroups).toMatchObject([
      {
        memory: { kib: ABSENT, permyriad: ABSENT },
        somePermyriad: ABSENT,
        fullPermyriad: ABSENT,
        holdMs: 10_000,
        action: 'tell',
        scope: 'process',
        unkillable: false,
        reason: 'configured in test.yaml:1',
      },
    ]);
  });

  test('those of all files count, in their order', () => {
    const file = (name: string) => ({
      file: name,
      label: `${name}:`,
      text: 'cgroups: [{ unit: b.service, memory: 1GiB }]',
    });
    const loaded = policyFromSources([file('a.yaml'), file('b.yaml')], TEST_USERS);
    const ids = 'policy' in loaded ? loaded.policy.cgroups.map(({ id }) => id) : [];
    expect(ids).toEqual(['a.yaml:cgroups[0]', 'b.yaml:cgroups[0]']);
  });

  test.each([
    ['{ memory: 1GiB }', /needs cgroup, unit or both/],
    ['{ unit: b.service }', /needs at least one mark: memory, pressure_some, pressure_full, oom_loop/],
    ['{ unit: b.service, oom_loop: false }', /needs at least one mark/],
    [
      '{ unit: b.service, oom_loop: true, kill_unkillable: true }',
      /cgroups\[0\]\.kill_unkillable.*needs action "kill"/,
    ],
    ['{ cgroup: "**/x", memory: 1GiB }', /begin with a directory by name/],
    ['{ unit: b.service, pressure_full: 120% }', /more than 100%/],
    ['{ unit: b.service, memory: 1GiB, action: freeze }', /one of tell, term, kill/],
    ['{ unit: b.service, memory: 1GiB, scope: host }', /one of process, cgroup, unit/],
    ['{ unit: b.service, memory: 1GiB, for: 2h }', /from 0ms to 1h/],
    ['{ unit: b.service, pressure: 40% }', /pressure/],
  ])('%s is refused', (rule, message) => {
    expect(problemsIn(rule).join('\n')).toMatch(message);
  });
});
