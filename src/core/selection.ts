/**
 * The choice of a victim, with everything that may keep it from being made: somebody is dying already, nobody may be
 * chosen. The only place beside tick that sees selection and the register together.
 */
import { wholePathOf } from './cgroup-row.ts';
import type { NoActionReason } from './event.ts';
import { EXCLUSIONS } from './event.ts';
import type { SignalIntent } from './intent.ts';
import { markKiB } from './mark.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import { victimEvent } from './register/lives.ts';
import { enter, findDying, isDying } from './register/register.ts';
import { waitedFor } from './register/waiting.ts';
import type { Sample } from './sample.ts';
import { rowSizeKiB } from './select/badness.ts';
import { companyOf, mayDieWhole, type WholeCgroup } from './select/company.ts';
import type { Scope, Within } from './select/eligible.ts';
import { hasScope } from './select/policy-match.ts';
import { rank } from './select/rank.ts';
import { counts } from './select/rules/wait-allocating-task.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';
import { isVictimSlot } from './victim.ts';

export const minimumKiBOf = (policy: Policy, sample: Sample): number =>
  Math.max(0, markKiB(policy.select.minimumSize, sample.memTotalKiB));

/** Who is being killed already: whom we have signalled, and who is in the register. */
export const isVictimOf = (state: State, table: ProcessTable, slot: number): boolean => {
  const pid = table.pid[slot] as number;
  const { cgroupAction } = state;
  return (
    isVictimSlot(state.victims, slot, pid) ||
    isVictimSlot(cgroupAction.victims, slot, pid) ||
    isDying(state.register, slot, pid)
  );
};

/** Whether the kernel has refused to let us signal it in this episode. */
export const isRefused = ({ refused }: State, table: ProcessTable, slot: number): boolean =>
  refused.some((refusal) => refusal.slot === slot && refusal.pid === table.pid[slot]);

/** The scope of a choice now. */
export const scopeOf = (
  state: State,
  table: ProcessTable,
  policy: Policy,
  minimumKiB: number,
  within: Within | null,
): Scope => ({
  corrections: policy.select.corrections,
  onlyPid: policy.select.onlyPid,
  narrowed: hasScope(policy.select),
  minimumKiB,
  admitsUnidentified: false,
  isVictim: (slot) => isVictimOf(state, table, slot),
  isRefused: (slot) => isRefused(state, table, slot),
  ...(within === null ? {} : { within }),
});

/** What its death can return, KiB; ABSENT when its memory was not read, which is no reason to think that it has none. */
export const anonKiBOf = (table: ProcessTable, slot: number): number => {
  const anonKiB = table.rssAnonKiB[slot] as number;
  return anonKiB === ABSENT ? ABSENT : anonKiB + Math.max(0, table.swapKiB[slot] as number);
};

const DYING = FLAG.SIGKILL_PENDING | FLAG.EXITING;

/** Who is dying without our doing is entered as soon as a scan shows it, if it has memory to give back. */
export const noteDying = (
  state: State,
  table: ProcessTable,
  minimumKiB: number,
  nowMs: number,
  out: TickOutput,
): void => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const flags = table.flags[slot] as number;
    if ((flags & DYING) === 0 || (flags & (FLAG.GONE | FLAG.NO_MM | FLAG.KTHREAD)) !== 0) continue;
    const sizeKiB = rowSizeKiB(table, slot);
    const pid = table.pid[slot] as number;
    const isOrigin = (flags & FLAG.ORIGIN) !== 0;
    if ((sizeKiB < minimumKiB && !isOrigin) || findDying(state.register, pid) !== undefined) continue;
    const killedBy = (flags & FLAG.SIGKILL_PENDING) === 0 ? 'itself' : 'other';
    const dying = enter(state.register, slot, pid, table.comm[slot] as string, killedBy, anonKiBOf(table, slot), nowMs);
    if (dying === null) continue;
    dying.isOrigin = isOrigin;
    out.events.push(victimEvent(dying, state.episode.number, nowMs));
  }
};

/** What keeps the search waiting, in words; "" when nothing does (patches 5 and 6). */
export const waitsFor = (state: State, policy: Policy, sample: Sample, nowMs: number): string => {
  if (state.register.dying.length === 0) return '';
  const on = policy.select.corrections.waitAllocatingTask;
  const dying = waitedFor(state.register, minimumKiBOf(policy, sample), (each) =>
    counts(each, sample.oomKillAllocatingTask, on),
  );
  if (dying === null) return '';
  return `pid ${dying.pid} is dying since ${Math.round(nowMs - dying.sinceMs)} ms, killed by ${dying.killedBy}`;
};

/** Signals for `slot` and all that go along with it. */
export const pushSignals = (
  state: State,
  table: ProcessTable,
  slot: number,
  signal: SignalIntent['signal'],
  dryRun: boolean,
  reason: SignalIntent['reason'],
  out: TickOutput,
  whole: WholeCgroup | null = null,
  isOfCgroup = false,
): void => {
  const pid = table.pid[slot] as number;
  // Inside of a cgroup nobody outside of it is taken along.
  const members = isOfCgroup ? undefined : state.forkStorm.members;
  state.company = companyOf(table, state.ranking, slot, whole, members);
  state.wholePath = whole?.path ?? '';
  const mark = isOfCgroup ? ({ isOfCgroup: true } as const) : {};
  out.intents.push({ kind: 'signal', signal, slot, pid, dryRun, reason, company: '', companyOf: slot, ...mark });
  for (const { slot: other, pid: otherPid, company } of state.company) {
    const along = { company, companyOf: slot, ...mark };
    out.intents.push({ kind: 'signal', signal, slot: other, pid: otherPid, dryRun, reason, ...along });
  }
};

/** What dies with the process in `slot` when act.scope says so; null: those who share its mm, and its memory.oom.group. */
export const wholeOf = (table: ProcessTable, slot: number, { act, select }: Policy): WholeCgroup | null => {
  // The rehearsal's child dies alone.
  if (act.scope === 'process' || select.onlyPid !== ABSENT) return null;
  const path = wholePathOf(act.scope, table.cgroup[slot] as string, table.unit[slot] as string);
  return path === '' ? null : { path, company: act.scope };
};

/** The best candidate all of whose cgroup or unit may die where that goes along. */
const bestWhole = ({ ranking }: State, table: ProcessTable, policy: Policy): number => {
  for (let at = 0; at < ranking.count; at++) {
    const slot = ranking.order[at] as number;
    const whole = wholeOf(table, slot, policy);
    if (whole === null || mayDieWhole(table, ranking, whole.path)) return slot;
  }
  return ABSENT;
};

/** Ranks; the slot of the best candidate, ABSENT when there is none or patch 2 is off and somebody exits. */
export const choose = (
  state: State,
  table: ProcessTable,
  policy: Policy,
  minimumKiB: number,
  within: Within | null = null,
): number => {
  rank(state.ranking, table, scopeOf(state, table, policy, minimumKiB, within));
  if (state.ranking.abortedBy !== ABSENT || state.ranking.count === 0) return ABSENT;
  return within === null ? bestWhole(state, table, policy) : (state.ranking.order[0] as number);
};

/** The best candidate for the kernel's hand, which may kill whom we may not signal; ABSENT when there is none. */
export const chooseForKernel = (state: State, table: ProcessTable, policy: Policy, minimumKiB: number): number => {
  rank(state.ranking, table, { ...scopeOf(state, table, policy, minimumKiB, null), isRefused: () => false });
  return state.ranking.count === 0 ? ABSENT : (state.ranking.order[0] as number);
};

const BELOW_MINIMUM = EXCLUSIONS.indexOf('below_minimum_size');
const PROTECTED = EXCLUSIONS.indexOf('protected');

/** Every host has small processes and protected ones: what counts is whether a protected one would have been worth it. */
export const whyNobody = ({ ranking }: State, table: ProcessTable, minimumKiB: number): NoActionReason => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (ranking.exclusion[slot] === PROTECTED && rowSizeKiB(table, slot) >= minimumKiB) return 'all_protected';
  }
  if ((ranking.excluded[BELOW_MINIMUM] as number) > 0) return 'below_minimum_size';
  return (ranking.excluded[PROTECTED] as number) > 0 ? 'all_protected' : 'no_candidate';
};
