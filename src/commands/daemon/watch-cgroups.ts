/** The watcher of cgroups: which there are is found off the loop, their numbers are read on it, in slices. */
import { isNamedBy } from '../../core/cgroup/rule-watch.ts';
import { seemsThrashing, wantsOwnLimits } from '../../core/detect/detect.ts';
import { isDue, never } from '../../core/due.ts';
import type { OomwatchdEvent } from '../../core/event.ts';
import type { CgroupMembers, Observations } from '../../core/observations.ts';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { OOM_SCORE_ADJ_MIN, rowSizeKiB } from '../../core/select/badness.ts';
import type { State } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { createDirectory, walk } from '../../linux/cgroup/directory.ts';
import { listMembers, type Members } from '../../linux/cgroup/members.ts';
import { createReadings } from '../../linux/cgroup/readings.ts';
import * as libc from '../../linux/sys/libc.ts';
import type { Host } from './host.ts';
import { createPaced } from './paced.ts';
import type { Watchers } from './watchers.ts';

/** As often as the index of processes goes round: a new cgroup is not in trouble in its first seconds. */
const WALK_MS = 30_000;
/** A container that has just been started may be what stalls. */
const STALLING_WALK_MS = 3000;
/** Two readings a second give rates that are no noise, and a verdict within a few seconds. */
const READ_MS = 500;
/** Whose pages come back is known from the second reading on, and a verdict waits for it (core/own-limits). */
const DECIDING_READ_MS = 250;
/** What a rule names is looked at also while nothing stalls: memory may come near a mark without. */
const NAMED_READ_MS = 1000;
/** As with the index: a host with a thousand cgroups costs a turn no more than one with ten. */
const SLICE_MS = 2;
/** Forks and exits change who is in it. */
const MEMBERS_MS = 2000;
/** Named in a line; all are counted. */
const NAMED_MEMBERS = 5;

/**
 * Eight kept files of a cgroup with limits are about 36 KiB of kernel memory, four without 18. 0.05 % of RAM, but no fewer
 * than the services of a small host, and no more than a thousand: a reading of those takes 10 ms.
 */
export const capacityFor = ({ totalPages, pageKiB }: Pick<ProcessTable, 'totalPages' | 'pageKiB'>): number =>
  Math.min(1024, Math.max(64, Math.floor((totalPages * pageKiB) / 2000 / 32)));

/** What is told of those that were found, the largest first. */
const describe = (host: Host, path: string, slots: readonly number[], isWhole: boolean): CgroupMembers => {
  const { table } = host.index;
  const isUnkillable = (slot: number): boolean => table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN;
  const bySize = slots.toSorted((a, b) => rowSizeKiB(table, b) - rowSizeKiB(table, a));
  const named = bySize.slice(0, NAMED_MEMBERS).map((slot) => {
    return `pid ${table.pid[slot]} (${table.comm[slot]}) at oom_score_adj ${table.oomScoreAdj[slot]}`;
  });
  const rest = slots.length - named.length;
  return {
    path,
    processes: slots.length,
    unkillable: slots.filter(isUnkillable).length,
    text: [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', '),
    isWhole,
  };
};

export const watchCgroups = (host: Host, state: State, publish: (event: OomwatchdEvent) => void): Watchers => {
  const { cgroup2, index, clock } = host;
  const { cgroupWatch, ruleWatch } = state;
  const isNamed = (path: string): boolean => host.policy().cgroups.some((rule) => isNamedBy(rule, path));
  const directory = createDirectory();
  const readings = createReadings(libc, directory, isNamed);
  const capacity = capacityFor(index.table);
  const read = never();
  let membersOf = '';
  let listed: Members | null = null;
  let knownSlots: number[] = [];
  let serial = 0;
  let isFullTold = false;
  let members: CgroupMembers | null = null;

  const tellFull = (): void => {
    if (directory.isFull === isFullTold) return;
    isFullTold = directory.isFull;
    const detail = `more than ${capacity} cgroups: those with the least memory are not watched`;
    // No fault: a host with many has them every day, and those with the most memory are watched.
    publish({ kind: 'source', name: 'cgroups', up: !isFullTold, fault: false, detail: isFullTold ? detail : '' });
  };

  const walking = createPaced(async () => {
    await walk({ io: libc, root: cgroup2, capacity, isNamed }, directory);
    tellFull();
  });
  const listing = createPaced(async () => {
    listed = await listMembers(`${cgroup2}${membersOf}`);
  });

  const ask = (nowMs: number): void => {
    // What a rule is about to act on before what is only told.
    const wanted = ruleWatch.wanted === '' ? cgroupWatch.wanted : ruleWatch.wanted;
    if (wanted === '' || listed !== null || listing.isUnderWay()) return;
    const isOther = wanted !== membersOf;
    membersOf = wanted;
    listing.run(isOther ? 0 : MEMBERS_MS, nowMs);
    if (listing.isUnderWay()) knownSlots = [];
  };

  /** Enrols and arms those that were listed; opening is fine as long as it is the cgroup that is short, not the host. */
  const know = (endMs: number): void => {
    if (listed === null || state.level >= LEVEL.TERM) return;
    while (knownSlots.length < listed.pids.length) {
      if (clock.nowMs() >= endMs) return;
      const slot = index.know(listed.pids[knownSlots.length] as number);
      knownSlots.push(slot);
    }
    const slots = knownSlots.filter(
      (slot) => slot !== ABSENT && ((index.table.flags[slot] as number) & FLAG.GONE) === 0,
    );
    members = describe(host, membersOf, slots, listed.isWhole);
    listed = null;
  };

  return {
    run: (nowMs) => {
      if (cgroup2 === '') return;
      walking.run(cgroupWatch.isStalling ? STALLING_WALK_MS : WALK_MS, nowMs);
      const endMs = nowMs + SLICE_MS;
      ask(nowMs);
      know(endMs);
      const { isStalling } = cgroupWatch;
      const hasRules = host.policy().cgroups.length > 0;
      if (!isStalling && !hasRules) return;
      const everyMs = seemsThrashing(state.detect) ? DECIDING_READ_MS : isStalling ? READ_MS : NAMED_READ_MS;
      if (!isDue(read, everyMs, nowMs)) return;
      const wanted = { onlyNamed: !isStalling, withStats: wantsOwnLimits(state.detect) };
      if (!readings.advance(nowMs, wanted, () => clock.nowMs() >= endMs)) return;
      read.ms = nowMs;
      serial++;
    },
    take: (into: Observations) => {
      into.cgroups = readings.rows;
      into.cgroupSerial = serial;
      into.cgroupMembers = members;
    },
    isWaiting: () => walking.isUnderWay() || listing.isUnderWay(),
  };
};
