/** The index of processes over any io, put together as commands/daemon/host.ts does it, with a clock that tests set. */
import type { Policy } from '../../../src/core/policy.ts';
import { FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { chooseToArm } from '../../../src/core/select/choose.ts';
import { applyPolicy } from '../../../src/core/select/policy-match.ts';
import { createRanking } from '../../../src/core/select/rank.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createProcessIndex, type ProcessIndex } from '../../../src/linux/index/process-index.ts';
import type { IndexEnv, IndexIo } from '../../../src/linux/index/slots.ts';
import { defaultPolicy } from '../../support/policy.ts';

export interface TestIndex extends ProcessIndex {
  readonly clock: { nowMs: number };
  readonly pinned: Set<number>;
  /** Slots that were identified, in order. */
  readonly identifiedSlots: number[];
  /** Another policy (YAML over the defaults) from now on. */
  setPolicy(yaml: string): void;
  /** Whole rounds. */
  settle(rounds?: number): void;
  /** Slot of a pid among the rows in use, or ABSENT. */
  slotOf(pid: number): number;
  flagsOf(pid: number): string[];
}

export interface TestIndexOptions {
  readonly env?: Partial<IndexEnv>;
  readonly capacity?: number;
  readonly chosen?: number;
  /** Replaces the choice by rank. */
  readonly choose?: (table: ProcessTable, chosen: Int32Array) => number;
  /** Milliseconds that pass with each look at the clock. */
  readonly stepMs?: number;
  readonly policy?: string;
  readonly memTotalKiB?: number;
}

/** A pid that no process has; not ABSENT, which is the parent of one whose status could not be read. */
const NOBODY = -2;

const policies = new Map<string, Policy>();
/** Reading a policy takes longer than a round. */
const policyOf = (yaml: string): Policy => {
  const policy = policies.get(yaml) ?? defaultPolicy(yaml);
  policies.set(yaml, policy);
  return policy;
};

const flagNames = (flags: number): string[] =>
  Object.entries(FLAG)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name);

/** Chooses these pids, whatever their size. */
export const choosing =
  (...pids: number[]) =>
  (table: ProcessTable, chosen: Int32Array): number => {
    let count = 0;
    for (let row = 0; row < table.count && count < chosen.length; row++) {
      const slot = table.rows[row] as number;
      if (pids.includes(table.pid[slot] as number)) chosen[count++] = slot;
    }
    return count;
  };

export const indexOn = (io: IndexIo, options: TestIndexOptions = {}): TestIndex => {
  const { capacity = 4096, chosen = 128, stepMs = 0, memTotalKiB = 8_000_000 } = options;
  const clock = { nowMs: 1_000_000 };
  const pinned = new Set<number>();
  const identifiedSlots: number[] = [];
  let policy = policyOf(options.policy ?? '');
  const ranking = createRanking(capacity, Math.ceil(chosen / 2));
  const env: IndexEnv = { procRoot: '/proc', cgroupMode: 'v2', selfPid: NOBODY, ancestors: new Set(), ...options.env };
  const index = createProcessIndex(
    io,
    env,
    {
      nowMs: () => {
        clock.nowMs += stepMs;
        return clock.nowMs;
      },
      choose: options.choose ?? ((table, slots) => chooseToArm(ranking, table, policy.select, 0, slots)),
      identified: (slot) => {
        identifiedSlots.push(slot);
        applyPolicy(policy.select, index.table, slot);
      },
      isPinned: (slot) => pinned.has(slot),
    },
    { capacity, chosen },
  );
  index.table.totalPages = memTotalKiB / index.table.pageKiB;
  const slotOf = (pid: number): number => {
    const { table } = index;
    for (let row = 0; row < table.count; row++) {
      const slot = table.rows[row] as number;
      if (table.pid[slot] === pid) return slot;
    }
    return ABSENT;
  };
  return {
    ...index,
    clock,
    pinned,
    identifiedSlots,
    setPolicy: (yaml) => {
      policy = policyOf(yaml);
      const { table } = index;
      for (let row = 0; row < table.count; row++) applyPolicy(policy.select, table, table.rows[row] as number);
    },
    settle: (rounds = 1) => {
      for (let done = 0; done < rounds; ) if (index.refresh(Number.POSITIVE_INFINITY)) done++;
    },
    slotOf,
    flagsOf: (pid) => (slotOf(pid) === ABSENT ? [] : flagNames(index.table.flags[slotOf(pid)] as number)),
  };
};
