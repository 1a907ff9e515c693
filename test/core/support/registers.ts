/** A register for tests, followed from tick to tick: what came in, what is told and what is asked for. */
import { type Dying, newDying, type Reaped, type Sight } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { Task } from '../../../src/core/intent.ts';
import type { KernelEvent, KillScope } from '../../../src/core/kernel-event.ts';
import type { Policy } from '../../../src/core/policy.ts';
import { followRegister } from '../../../src/core/register/follow.ts';
import { createRegister, type Register, type RegisterInputs } from '../../../src/core/register/register.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aSample } from './samples.ts';

export const LIMIT_MS = 5000;

/** Pid 7 in slot 3, 100 MiB, killed by us at 0 ms. */
export const aDying = (differences: Partial<Dying> = {}): Dying => ({
  ...newDying(3, 7, 'leak', 'oomwatchd', 100 * MIB, 0),
  ...differences,
});

/** Alive and killed, has reacted; nothing of its memory is gone. */
export const aSight = (differences: Partial<Sight> = {}): Sight => ({
  pid: 7,
  isGone: false,
  isKilled: true,
  isPending: false,
  isLeaderZombie: false,
  isCoreDumping: false,
  rssKiB: 100 * MIB,
  oomScore: 700,
  ...differences,
});

export const aReaped = (differences: Partial<Reaped> = {}): Reaped => ({
  ...{ pid: 7, tries: 1, result: 'released', errno: 0, durationMs: 2, releasedKiB: 90 * MIB },
  ...differences,
});

export const killed = (pid: number, scope: KillScope = 'global', anonRssKiB: number = MIB): KernelEvent => ({
  ...{ kind: 'killed', source: 'kmsg', timeUs: 0, pid, comm: `p${pid}`, scope, anonRssKiB, uid: 0 },
});
export const marked = (pid: number, comm = ''): KernelEvent => ({
  ...{ kind: 'victim_marked', source: 'trace', timeUs: 0, pid, comm },
});
export const selected = (pid: number, oomMemcg = '', source: 'kmsg' | 'trace' = 'kmsg'): KernelEvent => ({
  ...{ kind: 'selected', source, timeUs: 0, pid, comm: '', uid: 0 },
  ...{ constraint: 'CONSTRAINT_MEMCG', oomMemcg, taskMemcg: oomMemcg },
});
export const named = (
  kind: 'reaped' | 'unable_to_reap' | 'reap_skipped' | 'already_exiting',
  pid = 7,
): KernelEvent => ({
  ...{ kind, source: 'kmsg', timeUs: 0, pid, comm: 'leak' },
});

export interface Followed {
  readonly register: Register;
  /** Events of the tick at `nowMs`. */
  at(nowMs: number, inputs?: Partial<RegisterInputs>, sample?: Partial<Sample>): OomwatchdEvent[];
  /** All that was told so far. */
  readonly told: OomwatchdEvent[];
  readonly tasks: readonly Task[];
}

export const following = (
  entries: readonly Dying[] = [],
  { level = LEVEL.KILL as number, policy = defaultPolicy('mode: enforce'), limitMs = LIMIT_MS as number } = {},
): Followed => {
  const register = createRegister();
  register.dying.push(...entries);
  const told: OomwatchdEvent[] = [];
  const tasks: Task[] = [];
  const settings: Policy = policy;
  return {
    register,
    told,
    tasks,
    at: (nowMs, inputs = {}, sample = {}) => {
      const { kernel = [] } = inputs;
      const all = { kernelSlots: kernel.map(() => ABSENT), sights: [], reaped: [], examined: [], ...inputs, kernel };
      const events: OomwatchdEvent[] = [];
      followRegister(register, all, aSample(sample), level, settings, limitMs, 4, nowMs, events, tasks);
      told.push(...events);
      return events;
    },
  };
};
