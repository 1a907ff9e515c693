import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../../src/core/policy.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { applyPolicy, hasScope, ruleMatches } from '../../../src/core/select/policy-match.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const aRule = (criteria: Partial<PolicyRule>): PolicyRule => ({
  id: 'test',
  action: 'protect',
  points: 0,
  reason: '',
  unit: [],
  cgroup: [],
  exe: [],
  comm: [],
  uids: [],
  oomScoreAdjMin: -1000,
  oomScoreAdjMax: 1000,
  ...criteria,
});

const DATABASE: Partial<Row> = {
  uid: 70,
  unit: 'postgresql@15-main.service',
  cgroup: '/system.slice/system-postgresql.slice/postgresql@15-main.service',
  exe: '/usr/lib/postgresql/15/bin/postgres',
  comm: 'postgres',
  oomScoreAdj: -900,
};

const matches = (criteria: Partial<PolicyRule>, row: Partial<Row> = DATABASE): boolean =>
  ruleMatches(aRule(criteria), tableOf([row]), 0);

describe('a rule', () => {
  it.each<[string, Partial<PolicyRule>, boolean]>([
    ['unit', { unit: ['postgresql@*.service'] }, true],
    ['another unit', { unit: ['mysql.service'] }, false],
    ['one of several units', { unit: ['mysql.service', 'postgresql@*.service'] }, true],
    ['cgroup', { cgroup: ['/system.slice/**'] }, true],
    ['another cgroup', { cgroup: ['/user.slice/**'] }, false],
    ['exe', { exe: ['/usr/lib/postgresql/*/bin/postgres'] }, true],
    ['another exe', { exe: ['/usr/bin/postgres'] }, false],
    ['comm', { comm: ['post*'] }, true],
    ['another comm', { comm: ['mysqld'] }, false],
    ['user', { uids: [0, 70] }, true],
    ['another user', { uids: [0] }, false],
    ['oom_score_adj at the lower end of a band', { oomScoreAdjMin: -900, oomScoreAdjMax: -1 }, true],
    ['oom_score_adj at the upper end of a band', { oomScoreAdjMin: -1000, oomScoreAdjMax: -900 }, true],
    ['oom_score_adj below a band', { oomScoreAdjMin: -899 }, false],
    ['oom_score_adj above a band', { oomScoreAdjMax: -901 }, false],
    ['all criteria', { unit: ['postgresql@*'], uids: [70], comm: ['postgres'], exe: ['/usr/lib/**'] }, true],
    ['all criteria but one', { unit: ['postgresql@*'], uids: [0], comm: ['postgres'] }, false],
    ['no criterion at all', {}, true],
  ])('by %s: %s', (_, criteria, expected) => {
    expect(matches(criteria)).toBe(expected);
  });

  it('does not take a namesake in a container for the host program', () => {
    const flags = KNOWN & ~FLAG.EXE_VERIFIED;
    expect(matches({ exe: ['/usr/lib/postgresql/*/bin/postgres'] }, { ...DATABASE, flags })).toBe(false);
    expect(matches({ unit: ['postgresql@*'] }, { ...DATABASE, flags })).toBe(true);
  });
});

describe('policy', () => {
  const apply = (yaml: string, row: Partial<Row>) => {
    const { select } = defaultPolicy(yaml);
    const table = tableOf([row]);
    applyPolicy(select, table, 0);
    const nameOf = (index: number | undefined): string =>
      index === undefined || index === ABSENT ? 'none' : (select.rules[index]?.id ?? 'unknown');
    return {
      protect: nameOf(table.protectRule[0]),
      only: nameOf(table.onlyRule[0]),
      points: table.policyPoints[0],
    };
  };

  it('adds the points of all prefer and avoid rules that match', () => {
    const yaml = `select:
  prefer: [{ unit: "app.service", points: 100 }, { user: 1000, points: 50 }, { unit: "x.service" }]
  avoid: [{ comm: "app", points: 30 }]`;
    expect(apply(yaml, {})).toEqual({ protect: 'none', only: 'none', points: 120 });
  });

  it('names the first rule that protects', () => {
    const yaml = `select:
  protect: [{ unit: "other.service" }, { exe: "/usr/bin/app" }, { unit: "app.service" }]`;
    expect(apply(yaml, {}).protect).toBe('select.protect[1]');
  });

  it('names the first "only" rule that matches', () => {
    const yaml = 'select: { only: [{ unit: "a*.service" }, { unit: "app.service" }] }';
    expect(apply(yaml, {}).only).toBe('select.only[0]');
  });

  it('keeps protection beside points: preferring does not undo it', () => {
    const yaml = 'select: { protect: [{ unit: "app.service" }], prefer: [{ unit: "app.service", points: 1000 }] }';
    expect(apply(yaml, {})).toEqual({ protect: 'select.protect[0]', only: 'none', points: 1000 });
  });

  it('forgets what an earlier policy or identity said', () => {
    const table = tableOf([{ protectRule: 7, onlyRule: 7, policyPoints: 7 }]);
    applyPolicy(defaultPolicy('select: { builtin_protection: false }').select, table, 0);
    expect([table.protectRule[0], table.onlyRule[0], table.policyPoints[0]]).toEqual([ABSENT, ABSENT, 0]);
  });

  it('protects nobody by a command name: the schema refuses the rule, and the built-in ones have none', () => {
    expect(() => defaultPolicy('select: { protect: [{ comm: "sshd" }] }')).toThrow(
      'any process can set its own command name',
    );
    expect(() => defaultPolicy('select: { only: [{ comm: "leak" }] }')).toThrow(
      'any process can set its own command name',
    );
    expect(defaultPolicy().select.rules.filter((rule) => rule.action === 'protect' && rule.comm.length > 0)).toEqual(
      [],
    );
  });

  it('does not protect a process that calls itself sshd', () => {
    expect(apply('', { comm: 'sshd', uid: 0 }).protect).toBe('none');
    expect(apply('', { comm: 'sshd', exe: '/usr/sbin/sshd', uid: 0 }).protect).toMatch(/^builtin:sshd/);
  });

  it('is narrowed by an "only" list and by nothing else', () => {
    expect(hasScope(defaultPolicy('select: { only: [{ unit: "app.service" }] }').select)).toBe(true);
    expect(hasScope(defaultPolicy('select: { prefer: [{ unit: "app.service" }] }').select)).toBe(false);
  });
});
