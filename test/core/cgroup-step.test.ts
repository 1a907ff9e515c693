/** Rules for cgroups on the whole core: who is signalled within a cgroup, when, and who never is. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isWithin } from '../../src/core/cgroup-row.ts';
import { EPERM, type SignalIntent } from '../../src/core/intent.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { enter } from '../../src/core/register/register.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aRow, throttled, unkillable } from './cgroup/rows.ts';
import { type CgroupScene, cgroupTurns } from './support/cgroup-turns.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const POD = '/kubepods.slice/pod1.slice';

const rules = (...lines: string[]): string =>
  `mode: enforce\nselect: { minimum_size: 1MiB }\ncgroups:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const KILL = `{ cgroup: "/kubepods.slice/*", pressure_full: "40%", for: 2s, action: kill }`;

const inPod = (row: Partial<Row>): Partial<Row> => ({ cgroup: `${POD}/app.scope`, unit: '', rssKiB: 20 * MIB, ...row });
/** A hog and a helper in the pod, a larger one outside. */
const PROCESSES: Partial<Row>[] = [
  inPod({ comm: 'hog', rssKiB: 30 * MIB }),
  inPod({ comm: 'helper', rssKiB: 5 * MIB }),
  { comm: 'database', rssKiB: 8 * GIB, cgroup: '/system.slice/db.service' },
];

const hot = throttled({ path: POD, fullPermyriad: 6000 });
const play = (yaml: string, scene: Partial<CgroupScene> = {}, ms = 10_000) => {
  const turns = cgroupTurns({ policy: defaultPolicy(yaml), table: tableOf(PROCESSES), rows: () => [hot], ...scene });
  turns.run(ms);
  return turns;
};

describe('a rule that kills', () => {
  it('takes the largest within the cgroup once its marks have held, and sees what came of it', () => {
    const turns = play(rules(KILL), {
      exitAfterMs: 100,
      rows: (nowMs) => [nowMs < 2500 ? hot : aRow({ path: POD, currentKiB: 10 * MIB })],
    });
    expect(turns.story()).toEqual([
      `2 s: ${POD} reached`,
      '2 s: SIGKILL to hog',
      `2.5 s: ${POD} over`,
      '3.6 s: hog: recovered',
    ]);
    const [verify] = turns.events.filter((event) => event.kind === 'verify' && event.verdict !== null);
    expect(verify, 'by the memory of the cgroup').toMatchObject({ returnedKiB: 31 * MIB, expectedKiB: 30 * MIB });
    const [signal] = turns.events.filter((event) => event.kind === 'signal');
    expect(signal).toMatchObject({ reason: `cgroup ${POD} by cgroups[0]`, company: '' });
  });

  it('takes the next one only after another hold, while the marks stay', () => {
    expect(play(rules(KILL), { exitAfterMs: 100 }).story()).toEqual([
      `2 s: ${POD} reached`,
      '2 s: SIGKILL to hog',
      '3.6 s: hog: not_returned',
      '4 s: SIGKILL to helper',
      '5.6 s: helper: not_returned',
      `6 s: ${POD} nobody`,
    ]);
  });

  it('waits until it is known who is in the cgroup', () => {
    expect(play(rules(KILL), { members: null }).signals).toEqual([]);
  });

  it('sends nothing in observe mode', () => {
    const turns = play(rules(KILL).replace('enforce', 'observe'));
    expect(turns.story().slice(0, 2)).toEqual([`2 s: ${POD} reached`, '2 s: would send SIGKILL to hog']);
    expect(turns.signals.every(({ dryRun }) => dryRun)).toBe(true);
  });

  it('keeps the budget of kills', () => {
    const yaml = `${rules(KILL)}act: { kills_per_minute: 1 }\n`;
    const turns = play(yaml, { exitAfterMs: 100 }, 20_000);
    expect(turns.signals).toHaveLength(1);
    expect(turns.story().at(-1)).toBe(`4 s: ${POD} budget_exhausted`);
  });

  it('waits for somebody who is dying', () => {
    const turns = cgroupTurns({ policy: defaultPolicy(rules(KILL)), table: tableOf(PROCESSES), rows: () => [hot] });
    enter(turns.state.register, 2, 1002, 'database', 'other', 8 * GIB, 0);
    turns.run(4000);
    expect(turns.story()).toEqual([`2 s: ${POD} reached`, `2 s: ${POD} waiting_for_victim`]);
  });

  it('passes over whom the kernel does not let us signal', () => {
    const outcome = ({ slot }: SignalIntent) => (slot === 0 ? { sent: false, errno: EPERM } : { sent: true, errno: 0 });
    expect(play(rules(KILL), { outcome }).signals.map(({ slot, atMs }) => [slot, atMs])).toEqual([
      [0, 2000],
      [1, 4000],
    ]);
  });

  it('does nothing once the cgroup has gone', () => {
    expect(play(rules(KILL), { rows: (nowMs) => (nowMs < 1500 ? [hot] : []) }).story()).toEqual([]);
  });

  it('leaves a shortage of the host to the host', () => {
    const turns = play(rules(KILL), { sample: () => ({ memAvailableKiB: GIB }) });
    expect(turns.signals[0]).toMatchObject({ slot: 2 });
    expect(turns.signals.every(({ isOfCgroup }) => isOfCgroup === undefined)).toBe(true);
  });
});

describe('a rule that asks first', () => {
  const TERM = KILL.replace('kill', 'term');

  it('kills what has not gone in time while the marks stay', () => {
    const turns = play(rules(TERM).concat('act: { term_timeout: 3s }\n'));
    expect(turns.story()).toEqual([`2 s: ${POD} reached`, '2 s: SIGTERM to hog', '5 s: SIGKILL to hog']);
    expect(turns.signals.every(({ isOfCgroup }) => isOfCgroup)).toBe(true);
  });

  it('leaves it alone once they are not reached any more', () => {
    const turns = play(rules(TERM), { rows: (nowMs) => [nowMs < 3000 ? hot : aRow({ path: POD })] }, 20_000);
    expect(turns.story()).toEqual([`2 s: ${POD} reached`, '2 s: SIGTERM to hog', `3 s: ${POD} over`]);
    expect(turns.state.cgroupAction.victims).toEqual([]);
  });
});

describe('a rule that only tells', () => {
  it('signals nobody', () => {
    const turns = play(rules(KILL.replace('action: kill', 'action: tell')));
    expect(turns.story()).toEqual([`2 s: ${POD} reached`]);
  });
});

describe('the scope', () => {
  const whole = (scope: string): string => rules(KILL.replace(' }', `, scope: ${scope} }`));

  it('"cgroup" takes all of it, and those who are forked meanwhile', () => {
    const turns = play(whole('cgroup'), {}, 3000);
    expect(turns.signals.map(({ slot, company }) => [slot, company])).toEqual([
      [0, ''],
      [1, 'cgroup'],
    ]);
    expect(turns.killPaths).toEqual([POD]);
  });

  it('"unit" takes the unit of the largest, within the cgroup of the rule', () => {
    const table = tableOf([
      { comm: 'hog', cgroup: '/app.slice/a.service/x', unit: 'a.service', rssKiB: 30 * MIB },
      { comm: 'a', cgroup: '/app.slice/a.service', unit: 'a.service', rssKiB: 4 * MIB },
      { comm: 'b', cgroup: '/app.slice/b.service', unit: 'b.service', rssKiB: 9 * MIB },
    ]);
    const rows = () => [throttled({ path: '/app.slice', fullPermyriad: 6000 })];
    const yaml = whole('unit').replace('/kubepods.slice/*', '/app.slice');
    const turns = play(yaml, { table, rows }, 3000);
    expect(turns.signals.map(({ slot }) => slot)).toEqual([0, 1]);
    expect(turns.killPaths).toEqual(['/app.slice/a.service']);
  });

  it('"unit" takes no more than the cgroup of the rule when that is a part of the unit, or in none', () => {
    const inner = tableOf([
      { comm: 'hog', cgroup: '/app.slice/a.service/x', unit: 'a.service', rssKiB: 30 * MIB },
      { comm: 'a', cgroup: '/app.slice/a.service', unit: 'a.service', rssKiB: 4 * MIB },
    ]);
    const rows = () => [throttled({ path: '/app.slice/a.service/x', fullPermyriad: 6000 })];
    const yaml = whole('unit').replace('/kubepods.slice/*', '/app.slice/**');
    expect(play(yaml, { table: inner, rows }, 3000).killPaths).toEqual(['/app.slice/a.service/x']);
    expect(play(whole('unit'), {}, 3000).killPaths, 'no unit').toEqual([POD]);
  });

  it('kills nobody while one inside is protected, or may not be signalled, or not all are known', () => {
    const guarded = tableOf([...PROCESSES, inPod({ comm: 'guard', protectRule: 0 })]);
    expect(play(whole('cgroup'), { table: guarded }).story()).toEqual([
      `2 s: ${POD} reached`,
      `2 s: ${POD} protected_inside`,
    ]);
    const atMinimum = tableOf([...PROCESSES, inPod({ comm: 'pause', oomScoreAdj: -1000 })]);
    expect(play(whole('cgroup'), { table: atMinimum }).signals).toEqual([]);
    const gone = tableOf([...PROCESSES, inPod({ comm: 'pause', oomScoreAdj: -1000, flags: KNOWN | FLAG.GONE })]);
    expect(play(whole('cgroup'), { table: gone }).signals).not.toEqual([]);
    expect(
      play(whole('cgroup'), { members: { isWhole: false } })
        .story()
        .at(-1),
    ).toBe(`2 s: ${POD} unknown_inside`);
  });

  it('takes those who were forked meanwhile also when SIGKILL follows SIGTERM', () => {
    const asks = whole('cgroup').replace('action: kill', 'action: term').concat('act: { term_timeout: 3s }\n');
    expect(play(asks, {}, 4900).killPaths).toEqual([]);
    const turns = play(asks, {}, 5100);
    expect(turns.killPaths).toEqual([POD]);
    expect(turns.state.cgroupAction.victims[0]).toMatchObject({ signal: 'KILL', wholePath: POD });
  });

  it('writes no cgroup.kill for a SIGTERM or in observe mode', () => {
    expect(play(whole('cgroup').replace('action: kill', 'action: term'), {}, 3000).killPaths).toEqual([]);
    expect(play(whole('cgroup').replace('enforce', 'observe'), {}, 3000).killPaths).toEqual([]);
  });
});

describe('a cgroup whose processes are all at -1000', () => {
  const table = tableOf([
    inPod({ comm: 'conmon', oomScoreAdj: -1000, rssKiB: 20 * MIB }),
    inPod({ comm: 'runc', oomScoreAdj: -1000, rssKiB: 9 * MIB }),
  ]);
  const rows = () => [unkillable({ path: POD })];
  const LOOP = '{ cgroup: "/kubepods.slice/*", oom_loop: true, for: 2s, action: kill }';

  it('is left alone by a rule that does not admit them', () => {
    expect(play(rules(LOOP), { table, rows }).story()).toEqual([`2 s: ${POD} reached`, `2 s: ${POD} nobody`]);
  });

  it('loses its largest to one that does', () => {
    const turns = play(rules(LOOP.replace(' }', ', kill_unkillable: true }')), { table, rows }, 3000);
    expect(turns.story()).toEqual([`2 s: ${POD} reached`, '2 s: SIGKILL to conmon']);
  });
});

test('a share of a cgroup without limits is of the host: badness and the minimum size go by what it has', () => {
  const rows = () => [aRow({ path: POD, currentKiB: 40 * MIB, fullPermyriad: 5000 })];
  const yaml = rules(KILL).replace('1MiB', '"50%"');
  expect(play(yaml, { rows }, 3000).story()).toEqual([`2 s: ${POD} reached`, '2 s: SIGKILL to hog']);
});

test('another cgroup has its turn once the first is judged', () => {
  const other = '/kubepods.slice/pod2.slice';
  const table = tableOf([...PROCESSES, inPod({ comm: 'second', cgroup: other, rssKiB: 40 * MIB })]);
  const rows = (nowMs: number) => [...(nowMs < 2500 ? [hot] : []), throttled({ path: other, fullPermyriad: 5000 })];
  const turns = play(rules(KILL), { table, rows, exitAfterMs: 100 }, 8000);
  expect(turns.signals.map(({ slot, atMs }) => [slot, atMs])).toEqual([
    [0, 2000],
    [3, 3600],
  ]);
});

test('nobody outside of the cgroup is signalled, and nobody protected', () => {
  const row = fc.record({
    rssKiB: fc.integer({ min: 0, max: 4 * GIB }),
    oomScoreAdj: fc.constantFrom(-1000, -500, 0, 1000),
    cgroup: fc.constantFrom(POD, `${POD}/a`, `${POD}x`, '/', '/kubepods.slice', '/system.slice/db.service', ''),
    unit: fc.constantFrom('', 'db.service', 'a.service'),
    protectRule: fc.constantFrom(ABSENT, ABSENT, 0),
    flags: fc.constantFrom(KNOWN, KNOWN, 0, KNOWN | FLAG.SELF, KNOWN | FLAG.INIT, KNOWN | FLAG.ANCESTOR, FLAG.KTHREAD),
    mmGroup: fc.constantFrom(ABSENT, ABSENT, 0, 1),
    oomGroup: fc.constantFrom('', POD, '/kubepods.slice'),
  });
  const rule = fc.record({
    scope: fc.constantFrom('process', 'cgroup', 'unit'),
    action: fc.constantFrom('term', 'kill'),
    admits: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), rule, (processes, { scope, action, admits }) => {
      const isAdmitted = admits && action === 'kill';
      const yaml = rules(
        `{ cgroup: "${POD}", pressure_full: "40%", for: 0ms, action: ${action}, scope: ${scope}, kill_unkillable: ${isAdmitted} }`,
      );
      const table = tableOf(processes);
      const { signals, killPaths } = play(yaml, { table, exitAfterMs: 50 }, 6000);
      for (const { slot } of signals) {
        expect(isWithin(table.cgroup[slot] as string, POD)).toBe(true);
        expect(table.protectRule[slot]).toBe(ABSENT);
        expect(isAdmitted || table.oomScoreAdj[slot] !== -1000).toBe(true);
        expect((table.flags[slot] as number) & (FLAG.SELF | FLAG.INIT | FLAG.ANCESTOR | FLAG.KTHREAD)).toBe(0);
      }
      for (const path of killPaths) {
        expect(isWithin(path, POD)).toBe(true);
        for (let slot = 0; slot < table.count; slot++) {
          const isInside = isWithin(table.cgroup[slot] as string, path);
          expect(isInside && table.protectRule[slot] !== ABSENT).toBe(false);
        }
      }
    }),
    { numRuns: 300 },
  );
});
