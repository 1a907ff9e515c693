import { describe, expect, test } from 'vitest';
import { policyFromSources } from '../../src/config/load.ts';
import type { Users } from '../../src/config/passwd.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { defaultPolicy, TEST_USERS } from '../support/policy.ts';

/** The rules a text adds to the built-in ones. */
const rulesIn = (yaml: string) => defaultPolicy(yaml).select.rules.filter(({ id }) => !id.startsWith('builtin:'));

const problemsIn = (text: string, users: Users = TEST_USERS): string[] => {
  const loaded = policyFromSources([{ file: 'c.yaml', label: '', text }], users);
  return 'errors' in loaded ? loaded.errors.map(formatProblem) : [];
};

/** The problems of one rule, given as a flow map. */
const ruleProblems = (action: string, rule: string): string[] =>
  problemsIn(`select:\n  ${action}:\n    - ${rule}\n`).map((line) => line.replace(/^c\.yaml:/, ''));

describe('a rule', () => {
  test('becomes numbers, lists and a name', () => {
    expect(
      rulesIn(
        `select: { avoid: [{ unit: a.service, exe: [/bin/x, /opt/**], user: [postgres, 5, '6'], points: 40, oom_score_adj: { min: -5 }, reason: why }] }`,
      ),
    ).toEqual([
      {
        id: 'select.avoid[0]',
        action: 'avoid',
        points: -40,
        reason: 'why',
        unit: ['a.service'],
        cgroup: [],
        exe: ['/bin/x', '/opt/**'],
        comm: [],
        uids: [70, 5, 6],
        oomScoreAdjMin: -5,
        oomScoreAdjMax: 1000,
      },
    ]);
  });

  test('has 300 points to prefer or avoid, none to decide, and its place as reason', () => {
    const rules = rulesIn(
      'select:\n  prefer: [{ comm: a }]\n  avoid: [{ comm: a }]\n  protect: [{ unit: a.service }]\n  only: [{ user: 0 }]\n',
    );
    expect(rules.map(({ id, points }) => [id, points])).toEqual([
      ['select.only[0]', 0],
      ['select.protect[0]', 0],
      ['select.prefer[0]', 300],
      ['select.avoid[0]', -300],
    ]);
    expect(rules[1]?.reason).toBe('configured in test.yaml:4');
  });

  test('compares command names byte by byte, as the process table keeps them', () => {
    expect(rulesIn('select: { avoid: [{ comm: "früh*" }] }')[0]?.comm).toEqual(['fr\u00c3\u00bch*']);
  });

  test('follows the built-in rules, which can be turned off', () => {
    expect(defaultPolicy('select: { protect: [{ unit: a.service }] }').select.rules.at(-1)?.id).toBe(
      'select.protect[0]',
    );
    expect(defaultPolicy('select: { builtin_protection: false }').select.rules).toEqual([]);
  });
});

describe('a rule that cannot do what it says is refused', () => {
  const ANY_COMM =
    'comm cannot be used here, because any process can set its own command name and so would put itself under this rule; use unit or exe';
  test.each([
    ['protect', '{ comm: sshd }', `3:15 select.protect[0].comm: ${ANY_COMM}`],
    ['only', '{ comm: sshd }', `3:15 select.only[0].comm: ${ANY_COMM}`],
    [
      'protect',
      '{ unit: a.service, points: 5 }',
      '3:34 select.protect[0].points: points belong to prefer and avoid; this rule decides by itself, leave them out',
    ],
    [
      'protect',
      '{}',
      '3:7 select.protect[0]: a rule needs at least one criterion: unit, cgroup, exe, user, oom_score_adj',
    ],
    [
      'prefer',
      '{ points: 5, reason: x }',
      '3:7 select.prefer[0]: a rule needs at least one criterion: unit, cgroup, exe, user, comm, oom_score_adj',
    ],
    [
      'avoid',
      '{ unit: nginx }',
      '3:15 select.avoid[0].unit: "nginx" cannot be used: no unit is called that; write "nginx.service", or "nginx*" for all that begin so',
    ],
    [
      'avoid',
      '{ unit: [a.service, user.slice] }',
      '3:27 select.avoid[0].unit[1]: "user.slice" cannot be used: a slice is no unit of a process; match its path, as in cgroup: "/user.slice/**"',
    ],
    [
      'avoid',
      '{ unit: system.slice/a.service }',
      '3:15 select.avoid[0].unit: "system.slice/a.service" cannot be used: a unit name has no slash; match the path with cgroup',
    ],
    ['avoid', '{ unit: [] }', '3:15 select.avoid[0].unit: the list is empty; leave the key out'],
    ['avoid', '{ unit: "" }', '3:15 select.avoid[0].unit: "" cannot be used: it is empty'],
    [
      'avoid',
      '{ unit: 5 }',
      '3:15 select.avoid[0].unit: expected a text or a list of texts such as "postgresql@*.service", got the number 5',
    ],
    [
      'avoid',
      '{ exe: java }',
      '3:14 select.avoid[0].exe: "java" cannot be used: write the full path, beginning with "/"',
    ],
    [
      'protect',
      '{ exe: "**/java" }',
      '3:14 select.protect[0].exe: "**/java" cannot be used: begin with a directory by name; any user can make a file or group of this name somewhere',
    ],
    [
      'only',
      '{ cgroup: "/*/x" }',
      '3:17 select.only[0].cgroup: "/*/x" cannot be used: begin with a directory by name; any user can make a file or group of this name somewhere',
    ],
    [
      'avoid',
      '{ comm: unattended-upgrade }',
      '3:15 select.avoid[0].comm: "unattended-upgrade" cannot be used: the kernel keeps 15 bytes of a command name; write "unattended-upgr"',
    ],
    [
      'avoid',
      '{ user: postgress }',
      '3:15 select.avoid[0].user: unknown user "postgress" in /etc/passwd; did you mean "postgres"? Give the uid ("id -u") of an account that comes from a directory service',
    ],
    [
      'avoid',
      '{ user: [0, -1] }',
      '3:19 select.avoid[0].user[1]: expected a user name, a uid or a list of them, got the number -1',
    ],
    ['avoid', '{ user: [] }', '3:15 select.avoid[0].user: the list is empty; leave the key out'],
    [
      'avoid',
      '{ oom_score_adj: {} }',
      '3:24 select.avoid[0].oom_score_adj: expected min, max or both, as in { min: 500 }',
    ],
    ['avoid', '{ oom_score_adj: { min: 5, max: 4 } }', '3:24 select.avoid[0].oom_score_adj: min 5 is above max 4'],
    [
      'avoid',
      '{ oom_score_adj: { min: 1001 } }',
      '3:31 select.avoid[0].oom_score_adj.min: expected a whole number from -1000 to 1000, got the number 1001',
    ],
    [
      'protect',
      '{ oom_score_adj: { max: 0 } }',
      '3:24 select.protect[0].oom_score_adj: any process can raise its own oom_score_adj to 0 and above and so protect itself; add unit, exe or user, or keep max below 0',
    ],
    [
      'avoid',
      '{ comm: a, points: 0 }',
      '3:26 select.avoid[0].points: expected a whole number from 1 to 1000, got the number 0',
    ],
    ['avoid', 'nginx', '3:7 select.avoid[0]: expected a map of keys, got "nginx"'],
    [
      'avoid',
      '{ comm: a, weight: 5 }',
      '3:18 select.avoid[0].weight: unknown key "weight"; known here: unit, cgroup, exe, comm, user, oom_score_adj, points, reason',
    ],
    ['protect', '{ units: a.service }', '3:9 select.protect[0].units: unknown key "units"; did you mean "unit"?'],
  ])('%s %s', (action, rule, problem) => {
    expect(ruleProblems(action, rule)).toContain(problem);
  });

  test('and its neighbours are checked all the same', () => {
    expect(ruleProblems('protect', '{ comm: a }\n    - { exe: b }\n    -')).toHaveLength(3);
  });

  test.each([
    ['protect', '{ oom_score_adj: { max: -1 } }'],
    ['protect', '{ oom_score_adj: { min: 0 }, unit: a.service }'],
    ['prefer', '{ oom_score_adj: { min: 0 } }'],
    ['prefer', '{ exe: "**/java" }'],
    ['avoid', '{ comm: [a, "*very-long-command-name"] }'],
  ])('but not %s %s', (action, rule) => {
    expect(ruleProblems(action, rule)).toEqual([]);
  });

  test('a list of rules that is no list', () => {
    expect(problemsIn('select: { only: { unit: a.service } }')).toEqual([
      'c.yaml:1:17 select.only: expected a list of rules such as [{ unit: "nginx.service" }], got a map',
    ]);
  });

  test('names cannot be looked up in a user database that is not readable', () => {
    const users: Users = { file: '/etc/passwd', fault: 'EACCES: permission denied', byName: new Map() };
    expect(problemsIn('select: { only: [{ user: [postgres, 7] }] }', users)).toEqual([
      'c.yaml:1:27 select.only[0].user[0]: cannot look up "postgres": EACCES: permission denied; give the uid',
    ]);
  });
});
