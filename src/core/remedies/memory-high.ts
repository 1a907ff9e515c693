/**
 * memory.high of a cgroup that makes no progress because of it. Each return to user mode there sleeps for up to 2 s
 * (mm/memcontrol.c, mem_cgroup_handle_over_high), so with little reclaimable the group moves by a page or so in seconds:
 * kernel-facts 5.4. Killing its members would end the work; the host may have memory for it. The limit is raised as far
 * as the host can spare, never removed, and put back when the group is below it again.
 */
import type { CgroupRow } from '../cgroup-row.ts';
import { markKiB } from '../mark.ts';
import type { Policy } from '../policy.ts';
import type { RemedyKind } from '../remedy.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { begin, type Lifted, mayBegin, ONCE_MS, type Remedies, type RemedyOutput, wasTried } from './remedies.ts';

/** Less than this on top is used up within a second, and the group stands again: an eighth of the limit, 16 MiB at least. */
const LEAST_SHARE = 1 / 8;
const LEAST_KIB = 16 * 1024;
/** Well below the old limit: put back any nearer it would throttle again at once. */
const BACK_SHARE = 0.8;
/** A group that has come down stays there or grows again within such a time. */
const LOOK_EVERY_MS = 30_000;
/** memory.high counts in pages (page_counter_memparse); the largest of Linux are 64 KiB. */
const ROUND_KIB = 64;

const bytesText = (kib: number): string => String(kib * 1024);
const roundDown = (kib: number): number => Math.floor(kib / ROUND_KIB) * ROUND_KIB;

/** What the host can give away now, less what it has given before and may still be asked for. */
const spareKiB = (remedies: Remedies, sample: Sample, policy: Policy['remedies']): number => {
  const reserveKiB = markKiB(policy.memoryHighReserve, sample.memTotalKiB);
  const grantedKiB = remedies.lifted.reduce((sum, each) => sum + each.grantedKiB, 0);
  return sample.memAvailableKiB - Math.max(0, reserveKiB) - grantedKiB;
};

/** The limit that it gets; ABSENT when the host cannot spare enough for it to matter. */
export const liftedKiB = ({ highKiB, currentKiB, maxKiB }: CgroupRow, sparedKiB: number): number => {
  const usedKiB = Math.max(highKiB, currentKiB);
  if (sparedKiB < Math.max(LEAST_KIB, highKiB * LEAST_SHARE)) return ABSENT;
  const toKiB = roundDown(usedKiB + sparedKiB);
  // Above memory.max it would have no meaning.
  const boundKiB = maxKiB === ABSENT ? toKiB : Math.min(toKiB, maxKiB);
  return boundKiB > highKiB ? boundKiB : ABSENT;
};

/** Since when it has been this cgroup. */
const followSubject = (remedies: Remedies, throttled: string, nowMs: number): void => {
  if (throttled === remedies.highPath) return;
  remedies.highPath = throttled;
  remedies.highMs = throttled === '' ? ABSENT : nowMs;
};

const wishOf = (kind: RemedyKind, path: string, fromKiB: number, toKiB: number) => ({
  ...{ kind, object: path, place: '', pid: ABSENT, tid: ABSENT, fromKiB, toKiB, belowKiB: ABSENT },
});

const tellWithheld = (
  remedies: Remedies,
  row: CgroupRow,
  sparedKiB: number,
  nowMs: number,
  out: RemedyOutput,
): void => {
  const isTold = remedies.withheldPath === row.path && nowMs - remedies.withheldMs < ONCE_MS;
  if (isTold) return;
  remedies.withheldPath = row.path;
  remedies.withheldMs = nowMs;
  out.events.push({
    ...{ kind: 'remedy', stage: 'withheld', remedy: 'lift_memory_high', object: row.path, place: '' },
    ...{ pid: ABSENT, comm: '', oldValue: bytesText(row.highKiB), newValue: '', result: null, errno: 0, effect: null },
    ...{ afterMs: 0, detail: `the host can spare ${Math.max(0, Math.floor(sparedKiB / 1024))} MiB` },
  });
};

const evidenceOf = ({ highPerS, fullPermyriad }: CgroupRow): string =>
  `memory.high hit ${Math.round(highPerS)} times a second, all tasks waited ${Math.round(fullPermyriad / 100)} % of the time`;

/** Raises the limit of the throttled cgroup when that has held and the host can spare it. */
export const liftMemoryHigh = (
  remedies: Remedies,
  throttled: string,
  cgroups: readonly CgroupRow[],
  sample: Sample,
  { remedies: policy, mode }: Pick<Policy, 'remedies' | 'mode'>,
  nowMs: number,
  out: RemedyOutput,
): void => {
  followSubject(remedies, throttled, nowMs);
  const { highPath: path, highMs } = remedies;
  if (!policy.liftMemoryHigh || path === '' || nowMs - highMs < policy.memoryHighAfterMs) return;
  const row = cgroups.find((each) => each.path === path);
  if (row === undefined || row.highKiB === ABSENT || wasTried(remedies, 'lift_memory_high', path)) return;
  if (!mayBegin(remedies, 'lift_memory_high', policy.perMinute, nowMs)) return;
  const sparedKiB = spareKiB(remedies, sample, policy);
  const toKiB = liftedKiB(row, sparedKiB);
  if (toKiB === ABSENT) {
    tellWithheld(remedies, row, sparedKiB, nowMs, out);
    return;
  }
  const wish = { ...wishOf('lift_memory_high', path, row.highKiB, toKiB), dryRun: mode === 'observe' };
  const values = { oldValue: bytesText(row.highKiB), newValue: bytesText(toKiB) };
  begin(remedies, wish, null, values, evidenceOf(row), nowMs, out);
};

/** A limit that has been raised is remembered, with what it was at first, until it is as it was. */
export const noteLifted = (remedies: Remedies, path: string, fromKiB: number, newKiB: number, nowMs: number): void => {
  const before = remedies.lifted.findIndex((each) => each.path === path);
  const [earlier] = before === -1 ? [] : remedies.lifted.splice(before, 1);
  const oldKiB = earlier?.newKiB === fromKiB ? earlier.oldKiB : fromKiB;
  remedies.lifted.push({
    ...{ path, oldKiB, newKiB, grantedKiB: newKiB - oldKiB },
    ...{ lookedMs: nowMs, lookSerial: ABSENT },
  });
};

/**
 * Looks now and then whether a raised limit can be put back: a dry run that tells nobody, and when it finds the group low
 * enough the remedy itself. Whatever policy says by now: it is our change that is undone.
 */
export const restoreMemoryHigh = (remedies: Remedies, nowMs: number, out: RemedyOutput): void => {
  for (const lifted of remedies.lifted) {
    if (lifted.lookSerial !== ABSENT || nowMs - lifted.lookedMs < LOOK_EVERY_MS) continue;
    lifted.lookedMs = nowMs;
    lifted.lookSerial = ++remedies.serial;
    const remedy = { serial: lifted.lookSerial, ...restoreWish(lifted), dryRun: true };
    out.tasks.push({ kind: 'remedy', remedy, dying: null });
    return;
  }
};

const restoreWish = ({ path, oldKiB, newKiB }: Lifted) => ({
  ...wishOf('restore_memory_high', path, newKiB, oldKiB),
  belowKiB: Math.floor(oldKiB * BACK_SHARE),
});

/** The group is below its old limit: it is put back, now or at the next look. */
export const putBack = (remedies: Remedies, lifted: Lifted, nowMs: number, out: RemedyOutput): void => {
  if (!mayBegin(remedies, 'restore_memory_high', Number.POSITIVE_INFINITY, nowMs)) return;
  const values = { oldValue: bytesText(lifted.newKiB), newValue: bytesText(lifted.oldKiB) };
  const detail = 'the cgroup has come down well below its old limit';
  begin(remedies, { ...restoreWish(lifted), dryRun: false }, null, values, detail, nowMs, out);
};
