/** Remedies for tests, followed from turn to turn: what is told, in short, and what is asked for. */
import type { Blocker } from '../../../src/core/blocker.ts';
import type { CgroupRow } from '../../../src/core/cgroup-row.ts';
import { type Dying, newDying } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { RemedyTask, Task } from '../../../src/core/intent.ts';
import type { Policy, RemediesPolicy } from '../../../src/core/policy.ts';
import { followRemedies } from '../../../src/core/remedies/follow.ts';
import { createRemedies, type Remedies } from '../../../src/core/remedies/remedies.ts';
import type { Remedied, Remedy } from '../../../src/core/remedy.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aRow as aCalmRow } from '../cgroup/rows.ts';
import { aSample } from '../support/samples.ts';

export const FUSE: Blocker = { kind: 'fuse', object: '42', place: '/mnt/x', tid: 9 };
export const FREEZER: Blocker = { kind: 'freezer_v1', object: '/docker/a', place: '', tid: 9 };
export const FREEZER_V2: Blocker = { kind: 'freezer_v2', object: '/pod/a', place: '', tid: 9 };
export const FILE_SYSTEM: Blocker = { kind: 'file_system', object: '8:17', place: '/srv', tid: 9 };

/** Killed by us at 0 ms. */
export const aVictim = (pid: number, blockers: readonly Blocker[], differences: Partial<Dying> = {}): Dying => ({
  ...newDying(pid, pid, `victim${pid}`, 'oomwatchd', GIB, 0),
  ...{ life: 'stuck', blockers, detail: 'thread 9 (D)', ...differences },
});

/** One that stands at its memory.high. */
export const aRow = (differences: Partial<CgroupRow> = {}): CgroupRow =>
  aCalmRow({
    ...{ path: '/slow', highKiB: 20 * MIB, highPerS: 30, somePermyriad: 9000, fullPermyriad: 9000 },
    ...differences,
  });

const ON = defaultPolicy(
  `remedies: { thaw_cgroup: true, thaw_file_system: true, fuse_abort: true, lift_memory_high: true, after: 2s,
    memory_high_after: 2s, memory_high_reserve: 25%, per_minute: 4 }`,
);
/** Everything on; times and bounds as they are used in the tests. */
export const policyOf = (changes: Partial<RemediesPolicy> = {}, mode: Policy['mode'] = 'enforce'): Policy => ({
  ...{ ...ON, mode, remedies: { ...ON.remedies, ...changes } },
});

type RemedyEvent = Extract<OomwatchdEvent, { kind: 'remedy' }>;

const tell = ({ stage, remedy, object, result, effect }: RemedyEvent): string =>
  [stage, remedy, object, result, effect].filter((part) => part !== null).join(' ');

export interface Turn {
  readonly remedied?: readonly Remedied[];
  /** The cgroup that stands. */
  readonly throttled?: string;
  readonly cgroups?: readonly CgroupRow[];
  readonly sample?: Partial<Sample>;
}

export interface Following {
  readonly remedies: Remedies;
  readonly events: RemedyEvent[];
  readonly asked: Remedy[];
  /** One turn: what was told, and with "asks" what was asked for. */
  at(nowMs: number, turn?: Turn): string[];
}

const isRemedy = (task: Task): task is RemedyTask => task.kind === 'remedy';

export const following = (dying: readonly Dying[] = [], policy = policyOf()): Following => {
  const remedies = createRemedies();
  const events: RemedyEvent[] = [];
  const asked: Remedy[] = [];
  return {
    remedies,
    events,
    asked,
    at: (nowMs, { remedied = [], throttled = '', cgroups = [], sample = {} } = {}) => {
      const out = { events: [] as OomwatchdEvent[], tasks: [] as Task[] };
      const now = aSample({ memTotalKiB: 8 * GIB, memAvailableKiB: 6 * GIB, ...sample });
      followRemedies(remedies, remedied, dying, throttled, cgroups, now, policy, nowMs, out);
      const told = out.events.filter((event): event is RemedyEvent => event.kind === 'remedy');
      events.push(...told);
      const tasks = out.tasks.filter(isRemedy).map(({ remedy }) => remedy);
      asked.push(...tasks);
      return [...told.map(tell), ...tasks.map(({ kind, dryRun }) => `asks ${kind}${dryRun ? ' (dry)' : ''}`)];
    },
  };
};

export const came = (serial: number, differences: Partial<Remedied> = {}): Remedied => ({
  ...{ serial, result: 'done', errno: 0, oldValue: '', newValue: '', detail: '' },
  ...differences,
});
