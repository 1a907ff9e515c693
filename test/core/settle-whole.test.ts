/** Which cgroups the kernel is asked to kill behind a signal. */
import { describe, expect, it } from 'vitest';
import { EPERM, type Outcome, type SignalIntent } from '../../src/core/intent.ts';
import type { CgroupRule } from '../../src/core/policy.ts';
import { settle } from '../../src/core/settle.ts';
import { createState } from '../../src/core/state.ts';
import { GIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { tableOf } from './support/tables.ts';

const ENFORCE = defaultPolicy('mode: enforce');
const SENT: Outcome = { sent: true, errno: 0 };
const [A_RULE] = defaultPolicy('cgroups: [{ cgroup: /pod, memory: 1GiB, action: kill }]').cgroups as [CgroupRule];

const table = tableOf([{ pid: 70, comm: 'leak', rssKiB: 2 * GIB }]);

describe('a victim with whom a cgroup dies as a whole', () => {
  const POD = '/pod';
  const play = (outcomes: readonly [Outcome, Partial<SignalIntent>][], isOfCgroup = false, unkillable = false) => {
    const state = createState(table.capacity);
    state.wholePath = POD;
    if (isOfCgroup) state.cgroupAction.rule = { ...A_RULE, unkillable };
    const sample = aSample();
    for (const [at, [outcome, differences]] of outcomes.entries()) {
      const intent: SignalIntent = {
        ...{ kind: 'signal', signal: 'KILL', slot: 0, pid: 70, dryRun: false, reason: '', company: '', companyOf: 0 },
        ...(isOfCgroup ? { isOfCgroup: true } : {}),
        ...differences,
      };
      settle(state, intent, outcome, { table, sample, policy: ENFORCE, scanMs: 3, nowMs: 1000 + at }, [], []);
      // The next choice is of another.
      state.wholePath = '';
    }
    return state;
  };

  it('has its cgroup.kill written behind SIGKILL, once', () => {
    const kill = { path: POD, admitsUnkillable: false, sinceMs: 1000 };
    expect(play([[SENT, {}]]).wholeKills).toEqual([kill]);
    const again: [Outcome, Partial<SignalIntent>] = [SENT, { reason: 'kill_mark' }];
    expect(play([[SENT, {}], again]).wholeKills).toEqual([kill]);
  });

  it('not behind SIGTERM, but when SIGKILL follows it', () => {
    const term: [Outcome, Partial<SignalIntent>] = [SENT, { signal: 'TERM' }];
    expect(play([term]).wholeKills).toEqual([]);
    expect(play([term, [SENT, { reason: 'term_timeout' }]]).wholeKills).toMatchObject([{ path: POD, sinceMs: 1001 }]);
  });

  it('not in observe mode, nor when the kernel refuses', () => {
    expect(play([[{ sent: false, errno: 0 }, { dryRun: true }]]).wholeKills).toEqual([]);
    expect(play([[{ sent: false, errno: EPERM }, {}]]).wholeKills).toEqual([]);
  });

  it('by a rule that admits them takes those at -1000 as well', () => {
    expect(play([[SENT, {}]], true).wholeKills).toMatchObject([{ admitsUnkillable: false }]);
    expect(play([[SENT, {}]], true, true).wholeKills).toMatchObject([{ admitsUnkillable: true }]);
  });
});
