/**
 * What the kernel tells becomes entries of the register and events: each victim once, whichever source spoke first and
 * however many records its kill has.
 */
import type { Dying, Life, StuckReason } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { KernelEvent } from '../kernel-event.ts';
import { ABSENT } from '../units.ts';
import { advance, victimEvent } from './lives.ts';
import { notePressRecord } from './press.ts';
import { enter, findDying, type KernelKill, type Register, type RegisterInputs } from './register.ts';

/** A kill of which only the trace point spoke is told after this: its records are usually a few milliseconds behind. */
const COMPLETE_MS = 250;
/** Records of one kill come within this of its being told; the same pid later is another process. */
const SAME_MS = 10_000;
/** More than one kill within this is a burst (kernel-facts 1.6: eight in 0.6 s). */
const BURST_MS = 1000;

const killOf = (register: Register, event: KernelEvent & { pid: number; comm: string }, nowMs: number): KernelKill => {
  const known = register.kernelKills.find(({ pid }) => pid === event.pid);
  if (known !== undefined) return known;
  const { pid, comm, source } = event;
  const fresh: KernelKill = {
    ...{ pid, comm, source, scope: 'unknown', memcg: '', anonRssKiB: ABSENT, atMs: nowMs },
    ...{ printed: 0, marked: 0, toldMs: ABSENT },
  };
  register.kernelKills.push(fresh);
  return fresh;
};

/** Entered when it is known to have been killed, or marked. A victim of ours that the kernel marks as well stays ours. */
const noteKill = (
  register: Register,
  event: KernelEvent & { kind: 'killed' | 'victim_marked' },
  slot: number,
  nowMs: number,
): void => {
  const kill = killOf(register, event, nowMs);
  const seen = Math.max(kill.printed, kill.marked);
  if (kill.comm === '') kill.comm = event.comm;
  if (event.kind === 'killed') {
    kill.printed++;
    if (kill.scope === 'unknown') kill.scope = event.scope;
    kill.anonRssKiB = Math.max(kill.anonRssKiB, event.anonRssKiB);
  } else kill.marked++;
  // Both sources tell of the same kills; either may have missed some.
  register.seen += Math.max(kill.printed, kill.marked) - seen;
  if (findDying(register, event.pid) !== undefined) return;
  const isFirst = kill.printed + kill.marked === 1;
  if (isFirst) enter(register, slot, event.pid, kill.comm, 'kernel', kill.anonRssKiB, nowMs);
};

const moveOn = (dying: Dying, life: Life, episode: number, nowMs: number, events: OomwatchdEvent[]): void => {
  if (advance(dying, life)) events.push(victimEvent(dying, episode, nowMs));
};

/** The kernel has given up on it (MMF_OOM_SKIP): nothing will come of waiting. */
const giveUp = (
  dying: Dying,
  reason: StuckReason,
  detail: string,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  dying.isIgnored = true;
  dying.reason ??= reason;
  if (dying.detail === '') dying.detail = detail;
  moveOn(dying, 'stuck', episode, nowMs, events);
};

/** Takes one event of the kernel over. `slot`: of the process that it names, ABSENT when it names none or that has gone. */
const take = (
  register: Register,
  event: KernelEvent,
  slot: number,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  switch (event.kind) {
    case 'killed':
    case 'victim_marked':
      noteKill(register, event, slot, nowMs);
      return;
    case 'selected': {
      const kill = killOf(register, event, nowMs);
      kill.memcg = event.oomMemcg;
      if (event.oomMemcg !== '') kill.scope = 'memcg';
      return;
    }
    case 'reaped':
    case 'unable_to_reap':
    case 'pinned': {
      const dying = findDying(register, event.pid);
      if (dying === undefined) return;
      if (event.kind === 'reaped') moveOn(dying, 'reaped', episode, nowMs, events);
      else if (event.kind === 'pinned') {
        giveUp(dying, 'sharer_alive', `its memory is shared with pid ${event.byPid}`, episode, nowMs, events);
      } else giveUp(dying, 'mmap_lock', "the kernel's oom_reaper could not take mmap_lock", episode, nowMs, events);
      return;
    }
    case 'group_kill':
      register.groupKillMs = nowMs;
      return;
    case 'note':
      if (event.note === 'sysrq_manual' || event.note === 'sysrq_ignored') notePressRecord(register, event.note, nowMs);
      events.push({ kind: 'kernel_note', note: event.note, text: event.text });
      return;
    case 'lost':
      events.push({ kind: 'kernel_note', note: 'lost', text: `${event.records} records` });
      return;
    case 'unread':
      events.push({ kind: 'kernel_note', note: 'unread', text: event.text });
      return;
    case 'invoked':
    case 'reap_skipped':
    case 'already_exiting':
      return;
  }
};

/** Counts a kill into the burst that it belongs to; `nowMs`: when it was. */
const countInBurst = (register: Register, nowMs: number): void => {
  if (register.burstKills === 0 || nowMs - register.burstLastMs > BURST_MS) {
    register.burstFromMs = nowMs;
    register.burstKills = 0;
  }
  register.burstKills++;
  register.burstLastMs = nowMs;
};

const tell = (register: Register, nowMs: number, events: OomwatchdEvent[]): void => {
  for (const kill of register.kernelKills) {
    const isKill = kill.printed + kill.marked > 0;
    if (kill.toldMs !== ABSENT || !isKill || (kill.printed === 0 && nowMs - kill.atMs < COMPLETE_MS)) continue;
    kill.toldMs = nowMs;
    const { pid, comm, scope, memcg, anonRssKiB, source } = kill;
    events.push({ kind: 'kernel_kill', pid, comm, scope, memcg, anonRssKiB, source });
    // The members of a cgroup with memory.oom.group die together on purpose.
    if (kill.atMs - register.groupKillMs > BURST_MS) countInBurst(register, kill.atMs);
  }
};

const endBurst = (register: Register, nowMs: number, events: OomwatchdEvent[]): void => {
  if (register.burstKills === 0 || nowMs - register.burstLastMs <= BURST_MS) return;
  const { burstKills: kills, burstFromMs, burstLastMs, oomKillAllocatingTask } = register;
  register.burstKills = 0;
  if (kills > 1) events.push({ kind: 'kill_burst', kills, withinMs: burstLastMs - burstFromMs, oomKillAllocatingTask });
};

/** Takes over what the kernel has told since the last tick. `oomKillAllocatingTask`: the sysctl, ABSENT when not read. */
export const takeKernelEvents = (
  register: Register,
  { kernel, kernelSlots }: Pick<RegisterInputs, 'kernel' | 'kernelSlots'>,
  oomKillAllocatingTask: number,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  // The tick in which a burst ends need not have read it.
  if (oomKillAllocatingTask !== ABSENT) register.oomKillAllocatingTask = oomKillAllocatingTask;
  for (let at = 0; at < kernel.length; at++) {
    take(register, kernel[at] as KernelEvent, kernelSlots[at] as number, episode, nowMs, events);
  }
  tell(register, nowMs, events);
  endBurst(register, nowMs, events);
  for (let at = register.kernelKills.length - 1; at >= 0; at--) {
    const { atMs, toldMs } = register.kernelKills[at] as KernelKill;
    // A loop that was held up for as long has read the first record only now, and has the second before it.
    if (nowMs - Math.max(atMs, toldMs) > SAME_MS) register.kernelKills.splice(at, 1);
  }
};
