/**
 * The victim register: every process that is known to be dying, whoever killed it, until it is gone. What the kernel keeps
 * in oom_victims and signal->oom_mm, made of what user space can see.
 */
import { type Dying, type Examined, type KilledBy, newDying, type Reaped, type Sight } from '../dying.ts';
import type { KernelEvent, KillScope } from '../kernel-event.ts';
import type { Policy } from '../policy.ts';
import { ABSENT } from '../units.ts';

/** A kill of the kernel that is put together from several records, and told once. */
export interface KernelKill {
  readonly pid: number;
  comm: string;
  scope: KillScope;
  memcg: string;
  anonRssKiB: number;
  readonly source: 'kmsg' | 'trace';
  readonly atMs: number;
  /** Records of it that count in vmstat's oom_kill: the first of a group is printed and counted twice (kernel-facts 4.10). */
  printed: number;
  marked: number;
  /** ABSENT: not yet. */
  toldMs: number;
}

export interface Register {
  /** Oldest first. */
  readonly dying: Dying[];
  /** Kills of the kernel within the last seconds. */
  readonly kernelKills: KernelKill[];
  /** vmstat's oom_kill when it was last compared; ABSENT before. */
  oomKill: number;
  /** Kills that were told by records since then, by either source. */
  seen: number;
  /** Since when counter and records have not agreed; ABSENT: they do. What each of them said then. */
  apartMs: number;
  apartCounted: number;
  apartSeen: number;
  /** A burst of kernel kills that has not ended. */
  burstFromMs: number;
  burstLastMs: number;
  burstKills: number;
  /** vm.oom_kill_allocating_task when it was last read. */
  oomKillAllocatingTask: number;
  /** When the kernel last said that it kills the members of a cgroup together. */
  groupKillMs: number;
  readonly press: Press;
}

/** The last press of SysRq-f by our hand (core/register/press). */
export interface Press {
  /** ABSENT: never. */
  atMs: number;
  /** vmstat's oom_kill and MemAvailable then, ABSENT when not read. */
  oomKill: number;
  availableKiB: number;
  /** Whom the kernel was expected to take, what its death returns, and whether it was being killed before. */
  pid: number;
  sizeKiB: number;
  wasDying: boolean;
  /** oom_score_adj of so many processes was changed for it; whether they are changed still. */
  steered: number;
  isSteered: boolean;
  /** What became of it is not known yet. */
  isOpen: boolean;
  /** When the kernel said that it takes the key; that it found nobody; when its counter moved. */
  acceptedMs: number;
  isIgnored: boolean;
  countedMs: number;
}

export const createRegister = (): Register => ({
  dying: [],
  kernelKills: [],
  oomKill: ABSENT,
  seen: 0,
  apartMs: ABSENT,
  apartCounted: 0,
  apartSeen: 0,
  burstFromMs: ABSENT,
  burstLastMs: ABSENT,
  burstKills: 0,
  oomKillAllocatingTask: ABSENT,
  groupKillMs: Number.NEGATIVE_INFINITY,
  press: {
    ...{ atMs: ABSENT, oomKill: ABSENT, availableKiB: ABSENT, pid: ABSENT, sizeKiB: ABSENT, wasDying: false },
    ...{ steered: 0, isSteered: false, isOpen: false, acceptedMs: ABSENT, isIgnored: false, countedMs: ABSENT },
  },
});

/** A host on which hundreds die at once (a pod, a fork bomb) is followed as far as this; the oldest are kept. */
const DYING_MAX = 256;

export const findDying = (register: Register, pid: number): Dying | undefined => {
  for (const dying of register.dying) if (dying.pid === pid) return dying;
  return undefined;
};

/** Enters a process; null when it is there already or there is no room. */
export const enter = (
  register: Register,
  slot: number,
  pid: number,
  comm: string,
  killedBy: KilledBy,
  sizeKiB: number,
  nowMs: number,
): Dying | null => {
  if (findDying(register, pid) !== undefined || register.dying.length >= DYING_MAX) return null;
  const dying = newDying(slot, pid, comm, killedBy, sizeKiB, nowMs);
  register.dying.push(dying);
  return dying;
};

/**
 * Whether the process in `slot` is being killed; one that leaves by itself is not, and is for patch 2 to judge. A vacated
 * slot's next process is another one: its pid differs.
 */
export const isDying = (register: Register, slot: number, pid: number): boolean => {
  for (const dying of register.dying) {
    if (dying.slot === slot && dying.pid === pid && dying.killedBy !== 'itself') return true;
  }
  return false;
};

/** Whether somebody is worth the wait: has memory still, or nobody knows how much. */
export const hasMemory = (dying: Dying, minimumKiB: number): boolean =>
  dying.sizeKiB === ABSENT || dying.sizeKiB >= minimumKiB;

/** What has come in since the last tick. */
export interface RegisterInputs {
  readonly kernel: readonly KernelEvent[];
  /** Beside `kernel`: the slot of the process that an event names, ABSENT when it names none or that has gone. */
  readonly kernelSlots: readonly number[];
  /** How the entries look, in their order. */
  readonly sights: readonly Sight[];
  readonly reaped: readonly Reaped[];
  readonly examined: readonly Examined[];
}

/** Settings that the register is followed by. */
export type RegisterPolicy = Pick<Policy, 'act' | 'mode' | 'select'>;
