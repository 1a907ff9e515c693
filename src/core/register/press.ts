/** One press of SysRq-f, followed until its effect is known or it had none. */
import type { OomwatchdEvent } from '../event.ts';
import type { SysrqOutcome } from '../ladder-event.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { findDying, type KernelKill, type Register } from './register.ts';

/** Whom the kernel is expected to take. */
export interface Aim {
  /** ABSENT: nobody knows. */
  readonly pid: number;
  /** What its death returns, KiB; ABSENT when unknown. */
  readonly sizeKiB: number;
  /** oom_score_adj of so many processes was changed for it. */
  readonly steered: number;
}

/**
 * After this a press that shows no effect has had none: the work item runs within a tick when a worker is free, and "Manual
 * OOM execution" without a line behind it for 2 s means that it does not run (kernel-facts 4.14); a tick may be a second late.
 */
export const PRESS_VERDICT_MS = 3000;

/** A count of vmstat is told without a name after this: records and trace points are some milliseconds behind it. */
const NAMED_WITHIN_MS = 500;

export const notePress = (register: Register, aim: Aim, sample: Sample, nowMs: number): void => {
  const { press } = register;
  press.atMs = nowMs;
  press.oomKill = sample.oomKill;
  press.availableKiB = sample.memAvailableKiB;
  press.pid = aim.pid;
  press.sizeKiB = aim.sizeKiB;
  press.wasDying = aim.pid !== ABSENT && findDying(register, aim.pid) !== undefined;
  press.steered = aim.steered;
  press.isOpen = true;
  press.isSteered = aim.steered > 0;
  press.acceptedMs = ABSENT;
  press.isIgnored = false;
  press.countedMs = ABSENT;
};

/** The kernel's word on it: it takes the key, or finds nobody (drivers/tty/sysrq.c). */
export const notePressRecord = (register: Register, note: 'sysrq_manual' | 'sysrq_ignored', nowMs: number): void => {
  const { press } = register;
  if (!press.isOpen) return;
  if (note === 'sysrq_manual') press.acceptedMs = nowMs;
  else press.isIgnored = true;
};

/** A kill of the kernel's since the press that no limit of a cgroup explains. */
const killSince = ({ kernelKills, press }: Register): KernelKill | undefined =>
  kernelKills.find(({ toldMs, atMs, scope }) => toldMs !== ABSENT && atMs >= press.atMs && scope !== 'memcg');

const memcgKillsSince = ({ kernelKills, press }: Register): number =>
  kernelKills.filter(({ atMs, scope }) => atMs >= press.atMs && scope === 'memcg').length;

/** Where nothing counts kills: half of what the expected victim has is back. */
const isMemoryBack = ({ press }: Register, sample: Sample): boolean =>
  press.oomKill === ABSENT &&
  press.sizeKiB > 0 &&
  press.availableKiB !== ABSENT &&
  sample.memAvailableKiB - press.availableKiB >= press.sizeKiB / 2;

interface Found {
  readonly outcome: SysrqOutcome;
  readonly pid: number;
  readonly comm: string;
  readonly detail: string;
}

const unnamed = (outcome: SysrqOutcome, detail: string, pid: number = ABSENT): Found => ({
  outcome,
  pid,
  comm: '',
  detail,
});

/** What became of the press, null while that is open. */
const foundOut = (register: Register, sample: Sample, nowMs: number): Found | null => {
  const { press } = register;
  const kill = killSince(register);
  if (kill !== undefined) {
    const { pid, comm } = kill;
    // Entered before the press: the same victim once more, and nobody new (patch 1).
    const dying = findDying(register, pid);
    return dying !== undefined && dying.sinceMs < press.atMs
      ? { outcome: 'swallowed', pid, comm, detail: 'it was being killed already' }
      : { outcome: 'executed', pid, comm, detail: '' };
  }
  if (press.isIgnored) return unnamed('nobody', 'the kernel found no task eligible');
  const counted = press.oomKill === ABSENT || sample.oomKill === ABSENT ? 0 : sample.oomKill - press.oomKill;
  if (counted > memcgKillsSince(register) && press.countedMs === ABSENT) press.countedMs = nowMs;
  if (press.countedMs !== ABSENT && nowMs - press.countedMs >= NAMED_WITHIN_MS) {
    return press.wasDying
      ? unnamed('swallowed', 'counted in vmstat, and whom it chose was being killed already', press.pid)
      : unnamed('executed', 'counted in vmstat');
  }
  if (press.countedMs === ABSENT && isMemoryBack(register, sample)) return unnamed('executed', 'its memory is back');
  if (nowMs - press.atMs < PRESS_VERDICT_MS) return null;
  if (press.wasDying) return unnamed('swallowed', 'whom it chose was being killed already', press.pid);
  return unnamed(
    'accepted_but_not_executed',
    press.acceptedMs === ABSENT
      ? 'the kernel said nothing and killed nobody'
      : 'the kernel took the key and killed nobody: no worker is free, or oom_lock is held',
  );
};

/** Did the press do anything? Tells once what became of it; true when it did so now. */
export const followPress = (
  register: Register,
  sample: Sample,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  const { press } = register;
  if (!press.isOpen) return;
  const found = foundOut(register, sample, nowMs);
  if (found === null) return;
  press.isOpen = false;
  const { steered } = press;
  events.push({ kind: 'sysrq', episode, ...found, steered, afterMs: nowMs - press.atMs, errno: 0 });
};
