/** This host as the loop and the commands see it: the real adapters, put together once. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../control/ports.ts';
import { wholePathOf } from '../../core/cgroup-row.ts';
import { anyGlobMatches } from '../../core/glob.ts';
import { type KernelVersion, nearestVersion } from '../../core/kernel-model/versions.ts';
import { markKiB } from '../../core/mark.ts';
import type { Policy } from '../../core/policy.ts';
import { FLAG, noteTotals } from '../../core/process-table.ts';
import { emptySample, type Sample } from '../../core/sample.ts';
import { chooseToArm } from '../../core/select/choose.ts';
import { applyPolicy } from '../../core/select/policy-match.ts';
import { createRanking } from '../../core/select/rank.ts';
import { ABSENT } from '../../core/units.ts';
import { createLimitSampler } from '../../linux/cgroup/limit-sampler.ts';
import { ownLimitKiB } from '../../linux/cgroup/own-limit.ts';
import { createOomGroups } from '../../linux/index/oom-group.ts';
import { createProcessIndex, type ProcessIndex } from '../../linux/index/process-index.ts';
import { cgroupLayoutOf, v1PointOf } from '../../linux/proc/cgroup-mode.ts';
import { type Mount, parseMountinfo } from '../../linux/proc/mountinfo.ts';
import { parseOsrelease } from '../../linux/proc/osrelease.ts';
import { unitOf } from '../../linux/proc/unit-of.ts';
import type { Roots } from '../../linux/root.ts';
import { createSampler, type Sampler } from '../../linux/sampler.ts';
import { ancestorsOf } from '../../linux/self.ts';
import { openAdj } from '../../linux/steer/adj-file.ts';
import * as libc from '../../linux/sys/libc.ts';

export interface Host {
  readonly roots: Roots;
  readonly clock: Clock;
  readonly sampler: Sampler;
  readonly index: ProcessIndex;
  readonly policy: () => Policy;
  /** Another policy from now on: every known process is matched against it anew. */
  setPolicy(policy: Policy): void;
  /** Which model of the kernel's choice answers for the kernel that runs. */
  readonly kernel: KernelVersion;
  /** Where cgroup2 is mounted, "" where it is not. */
  readonly cgroup2: string;
  /** Where cgroup v1 has the memory controller, "" where it has not. */
  readonly memoryV1: string;
  /** Slots whose descriptors must stay open. */
  pin(isPinned: (slot: number) => boolean): void;
}

const clock: Clock = { nowMs: libc.monotonicMs };

/** Candidates held ready for a shot: 64 pidfds and statuses cost 0.5 MiB of kernel memory and 2 ms to scan. */
const ARMED_MAX = 64;

/** Candidates, and as many of the protected, whose identity is looked at again in each round. */
const CHOSEN_MAX = ARMED_MAX * 2;

/**
 * Processes known at the most: their kept descriptors may take 0.1 % of RAM at 4.5 KiB each (a seq_file buffer and two
 * small objects), but no fewer than a small host's whole table and no more than the columns are sized for.
 */
const capacityFor = (memTotalKiB: number): number =>
  Math.min(32_768, Math.max(4096, Math.floor(memTotalKiB / 1000 / 4.5)));

const readMounts = (procRoot: string): Mount[] => {
  const mounts: Mount[] = [];
  parseMountinfo(readFileSync(`${procRoot}/self/mountinfo`, 'utf8'), mounts);
  return mounts;
};

/** Within a container that has a limit of its own its numbers are what can run out. */
const openSampler = (roots: Roots): Sampler => {
  const host = createSampler(roots, libc);
  return ownLimitKiB(roots) === ABSENT ? host : createLimitSampler(host, roots.cgroup, libc);
};

/** The newest for a release that nobody can read. */
const readKernel = (procRoot: string): KernelVersion => {
  const release = parseOsrelease(readFileSync(`${procRoot}/sys/kernel/osrelease`, 'latin1'));
  return release === null ? '7.2' : nearestVersion(release.major, release.minor);
};

export const openHost = (roots: Roots, firstPolicy: Policy): Host => {
  const sampler = openSampler(roots);
  const sample: Sample = emptySample();
  sampler.readBasics(sample);
  const capacity = capacityFor(sample.memTotalKiB);
  const ranking = createRanking(capacity, ARMED_MAX);
  let policy = firstPolicy;
  let isPinned: (slot: number) => boolean = () => false;
  const mounts = readMounts(roots.proc);
  const layout = cgroupLayoutOf(mounts);
  const openAdjOf = (pid: number): number => openAdj(roots.proc, pid);
  const oomGroups = createOomGroups(libc, layout.v2Point);
  /** What is killed as a whole with a process of `cgroup`: both are above it, so the shorter path is the wider one. */
  const groupOf = (cgroup: string, nowMs: number): string => {
    const ofKernel = oomGroups.of(cgroup, nowMs);
    const ofPolicy = wholePathOf(policy.act.scope, cgroup, unitOf(cgroup));
    return ofKernel === '' || (ofPolicy !== '' && ofPolicy.length < ofKernel.length) ? ofPolicy : ofKernel;
  };
  const env = {
    procRoot: roots.proc,
    cgroupMode: layout.mode,
    oomGroups: { ...oomGroups, of: (cgroup: string, nowMs: number) => groupOf(cgroup, nowMs) },
    selfPid: process.pid,
    ancestors: ancestorsOf(roots.proc, process.pid),
    get openAdj() {
      return policy.mode === 'enforce' && policy.act.sysrqF === 'directed' ? openAdjOf : null;
    },
    isNamedExe: (path: string) => policy.select.rules.some((rule) => anyGlobMatches(rule.exe, path)),
  };
  const index: ProcessIndex = createProcessIndex(
    libc,
    env,
    {
      nowMs: clock.nowMs,
      choose: (table, chosen) => {
        const minimumKiB = Math.max(0, markKiB(policy.select.minimumSize, sample.memTotalKiB));
        return chooseToArm(ranking, table, policy.select, minimumKiB, chosen);
      },
      identified: (slot) => applyPolicy(policy.select, index.table, slot),
      isPinned: (slot) => isPinned(slot),
    },
    { capacity, chosen: CHOSEN_MAX },
  );
  noteTotals(index.table, sample);
  return {
    roots,
    clock,
    sampler,
    index,
    kernel: readKernel(roots.proc),
    cgroup2: layout.v2Point,
    memoryV1: v1PointOf(mounts, 'memory'),
    policy: () => policy,
    setPolicy: (next) => {
      policy = next;
      const { table } = index;
      for (let row = 0; row < table.count; row++) {
        const slot = table.rows[row] as number;
        const flags = table.flags[slot] as number;
        // Whom the new policy names by executable may not have been verified under the old one: look again, now.
        if ((flags & FLAG.IDENTIFIED) !== 0 && (flags & FLAG.KTHREAD) === 0) index.identify(slot);
        applyPolicy(next.select, table, slot);
      }
    },
    pin: (pinned) => {
      isPinned = pinned;
    },
  };
};

/** Whole rounds without a time limit, until the candidates are settled: protected ones drop out and the next come in. */
export const settleIndex = (index: ProcessIndex, rounds = 3): void => {
  for (let round = 0; round < rounds; ) if (index.refresh(Number.POSITIVE_INFINITY)) round++;
};
