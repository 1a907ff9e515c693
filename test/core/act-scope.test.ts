/** act.scope: who goes along with the victim of a shortage of the host. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { wholePathOf } from '../../src/core/cgroup-row.ts';
import type { SignalIntent } from '../../src/core/intent.ts';
import type { TickOutput } from '../../src/core/output.ts';
import { choose, pushSignals, wholeOf } from '../../src/core/selection.ts';
import { settle } from '../../src/core/settle.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { type Row, tableOf } from './support/tables.ts';

const ROWS: Partial<Row>[] = [
  { comm: 'hog', cgroup: '/system.slice/web.service/worker', unit: 'web.service', rssKiB: 8 * GIB },
  { comm: 'sibling', cgroup: '/system.slice/web.service/worker', unit: 'web.service', rssKiB: 10 * MIB },
  { comm: 'master', cgroup: '/system.slice/web.service', unit: 'web.service', rssKiB: 20 * MIB },
  { comm: 'database', cgroup: '/system.slice/db.service', unit: 'db.service', rssKiB: 4 * GIB },
];

/** Who is signalled, with the company in which. */
const taken = (scope: string, rows: readonly Partial<Row>[], more = ''): string[] => {
  const policy = defaultPolicy(`mode: enforce\nact: { scope: ${scope} }\n${more}`);
  const table = tableOf(rows);
  const state = createState(table.capacity);
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const slot = choose(state, table, policy, MIB);
  if (slot === ABSENT) return [];
  pushSignals(state, table, slot, 'KILL', false, '', out, wholeOf(table, slot, policy));
  return out.intents.map((intent) =>
    intent.kind === 'signal' ? `${table.comm[intent.slot]} ${intent.company}`.trim() : intent.kind,
  );
};

describe('with the largest process', () => {
  it('nobody else dies by default', () => expect(taken('process', ROWS)).toEqual(['hog']));
  it('all of its cgroup does', () => expect(taken('cgroup', ROWS)).toEqual(['hog', 'sibling cgroup']));
  it('all of its unit does', () => expect(taken('unit', ROWS)).toEqual(['hog', 'sibling unit', 'master unit']));

  it('a unit in which one is protected, or at -1000, is passed over for the next', () => {
    const guarded = ROWS.map((row) => (row.comm === 'master' ? { ...row, protectRule: 0 } : row));
    expect(taken('unit', guarded)).toEqual(['database']);
    expect(taken('cgroup', guarded), 'it is not in the cgroup').toEqual(['hog', 'sibling cgroup']);
    const spared = ROWS.map((row) => ({ ...row, oomScoreAdj: row.comm === 'hog' ? 0 : -1000 }));
    expect(taken('unit', spared)).toEqual([]);
  });

  it('the kernel is asked to kill those who were forked since, once SIGKILL has left', () => {
    const policy = defaultPolicy('mode: enforce\nact: { scope: unit }');
    const table = tableOf(ROWS);
    const state = createState(table.capacity);
    const out: TickOutput = { intents: [], events: [], tasks: [] };
    const slot = choose(state, table, policy, MIB);
    pushSignals(state, table, slot, 'KILL', false, '', out, wholeOf(table, slot, policy));
    const settled = { table, sample: aSample(), policy, scanMs: 1, nowMs: 0 };
    for (const intent of out.intents) {
      settle(state, intent as SignalIntent, { sent: true, errno: 0 }, settled, out.events, out.tasks);
    }
    expect(state.wholeKills).toEqual([{ path: '/system.slice/web.service', admitsUnkillable: false, sinceMs: 0 }]);
  });

  it('of no unit, or at the root, it dies alone', () => {
    const loose = ROWS.map((row) => ({ ...row, unit: '', cgroup: '/' }));
    expect(taken('unit', loose)).toEqual(['hog']);
    expect(taken('cgroup', loose)).toEqual(['hog']);
  });
});

test.each([
  ['process', '/a.slice/b.service', 'b.service', ''],
  ['cgroup', '/a.slice/b.service/c', 'b.service', '/a.slice/b.service/c'],
  ['unit', '/a.slice/b.service/c', 'b.service', '/a.slice/b.service'],
  ['unit', '/a.slice/b.service', 'b.service', '/a.slice/b.service'],
  ['unit', '/a.slice/_b.service', 'b.service', ''],
  ['unit', '/a.slice', '', ''],
  ['cgroup', '/', '', ''],
  ['cgroup', '', '', ''],
  ['cgroup', '/../x', '', ''],
] as const)('%s of %j (%s) is %j', (scope, cgroup, unit, path) => {
  expect(wholePathOf(scope, cgroup, unit)).toBe(path);
});

test('nobody protected is signalled, whatever dies along', () => {
  const row = fc.record({
    rssKiB: fc.integer({ min: MIB, max: GIB }),
    cgroup: fc.constantFrom('/a.slice/a.service', '/a.slice/a.service/x', '/b.service', '/'),
    unit: fc.constantFrom('a.service', 'b.service', ''),
    protectRule: fc.constantFrom(ABSENT, ABSENT, 0),
    oomScoreAdj: fc.constantFrom(0, 0, -1000),
    mmGroup: fc.constantFrom(ABSENT, ABSENT, 0),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), fc.constantFrom('cgroup', 'unit'), (rows, scope) => {
      const named = rows.map((each, at) => ({ ...each, comm: `p${at}` }));
      for (const line of taken(scope, named)) {
        const at = Number(/^p(\d+)/.exec(line)?.[1]);
        expect(rows[at]?.protectRule).toBe(ABSENT);
        expect(rows[at]?.oomScoreAdj).toBe(0);
      }
    }),
  );
});
