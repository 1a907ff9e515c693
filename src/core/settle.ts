/**
 * After the shot: what the outcome of a signal changes in the state, and what is told about it. Events are made here and
 * not before, so that nothing is allocated between verdict and signal.
 */
import { spend } from './act/budget.ts';
import { demandText, roomOf } from './cgroup-action.ts';
import type { OomwatchdEvent, ProcessFacts } from './event.ts';
import { noteDeath } from './fork-storm.ts';
import { EPERM, ESRCH, type Outcome, type SignalIntent, type Task } from './intent.ts';
import { memoryFacts } from './memory-facts.ts';
import type { Policy } from './policy.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import { enter } from './register/register.ts';
import type { Sample } from './sample.ts';
import { factsOf } from './select/facts.ts';
import { anonKiBOf } from './selection.ts';
import type { State } from './state.ts';
import { rankedEvent } from './tell-choice.ts';
import { ABSENT } from './units.ts';
import { detectorNames } from './verify/episode.ts';
import type { Room } from './verify/return.ts';
import type { Victim } from './victim.ts';

/** What its death can give back at most: its own memory, and that of whoever dies with it without sharing its mm. */
const expectedKiBOf = (state: State, table: ProcessTable, slot: number): number => {
  let sum = Math.max(0, anonKiBOf(table, slot));
  for (const companion of state.company)
    if (companion.company !== 'mm_group') sum += Math.max(0, anonKiBOf(table, companion.slot));
  return sum;
};

const newVictim = (
  state: State,
  intent: SignalIntent,
  facts: ProcessFacts,
  table: ProcessTable,
  room: Room,
  nowMs: number,
): Victim => ({
  slot: intent.slot,
  facts,
  signal: intent.signal,
  signalledMs: nowMs,
  firstSignalMs: nowMs,
  simulated: intent.dryRun,
  expectedKiB: expectedKiBOf(state, table, intent.slot),
  baselineKiB: room.memAvailableKiB + Math.max(0, room.swapFreeKiB),
  exitedMs: ABSENT,
  freedMs: ABSENT,
  company: state.company,
  wholePath: state.wholePath,
  checkpoint: 0,
  verdict: null,
});

/** SIGKILL has left: the process is in the register from now on, and its memory is taken back right away. */
const enterDying = (
  state: State,
  { slot, pid }: SignalIntent,
  table: ProcessTable,
  policy: Policy,
  nowMs: number,
  tasks: Task[],
): void => {
  const dying = enter(
    state.register,
    slot,
    pid,
    table.comm[slot] as string,
    'oomwatchd',
    anonKiBOf(table, slot),
    nowMs,
  );
  if (dying === null) return;
  dying.isOrigin = ((table.flags[slot] as number) & FLAG.ORIGIN) !== 0;
  if (!policy.act.reap) return;
  dying.reap = 'running';
  tasks.push({ kind: 'reap', dying });
};

/**
 * Not asked again in this episode, neither alone nor along with another: an mm that one of its processes keeps alive is
 * freed by no other one's death.
 */
const refuse = (state: State, victims: readonly Victim[], { slot, pid, companyOf }: SignalIntent): void => {
  state.refused.push({ slot, pid });
  const company = victims.find((victim) => victim.slot === companyOf)?.company ?? [];
  const at = company.findIndex((each) => each.slot === slot && each.pid === pid);
  if (at >= 0) company.splice(at, 1);
};

/**
 * SIGKILL has left for a victim with whom a whole cgroup dies: those who were forked since, and those whom the index does not
 * know, are killed by the kernel.
 */
const killWhole = (state: State, path: string, isOfCgroup: boolean, nowMs: number): void => {
  if (path === '' || state.wholeKills.some((kill) => kill.path === path)) return;
  const admitsUnkillable = isOfCgroup && state.cgroupAction.rule?.unkillable === true;
  state.wholeKills.push({ path, admitsUnkillable, sinceMs: nowMs });
};

export interface Settled {
  readonly table: ProcessTable;
  readonly sample: Sample;
  readonly policy: Policy;
  /** What the scan before it took. */
  readonly scanMs: number;
  readonly nowMs: number;
}

/** What demanded a first signal. */
const whyOf = (state: State, isOfCgroup: boolean): string =>
  isOfCgroup ? demandText(state.cgroupAction) : detectorNames(state.detect.verdict.detectors).join('+');

/** Applies `outcome` of `intent`. Appends to `events` and `tasks`. */
export const settle = (
  state: State,
  intent: SignalIntent,
  outcome: Outcome,
  { table, sample, policy, scanMs, nowMs }: Settled,
  events: OomwatchdEvent[],
  tasks: Task[],
): void => {
  const isMain = intent.company === '';
  const isOfCgroup = intent.isOfCgroup === true;
  const victims = isOfCgroup ? state.cgroupAction.victims : state.victims;
  const known = victims.find((victim) => victim.slot === intent.slot && victim.facts.pid === intent.pid);
  const facts = known?.facts ?? factsOf(table, intent.slot);
  const episode = state.episode.number;
  if (isMain && known === undefined) events.push(rankedEvent(state, table, policy, intent, scanMs));
  const memory = memoryFacts(sample);
  events.push({
    kind: 'signal',
    episode,
    signal: intent.signal,
    reason: intent.reason === '' ? whyOf(state, isOfCgroup) : intent.reason,
    victim: facts,
    memory,
    sent: outcome.sent,
    errno: outcome.errno,
    sinceVerdictMs: nowMs - state.verdictMs,
    company: intent.company,
    companyOf: table.pid[intent.companyOf] as number,
  });
  if (outcome.sent && !isOfCgroup) state.episode.signals++;
  if (outcome.sent && intent.signal === 'KILL') enterDying(state, intent, table, policy, nowMs, tasks);
  if (outcome.errno !== 0 && outcome.errno !== ESRCH) refuse(state, victims, intent);
  if (!isMain) return;
  const isDead = outcome.sent || outcome.errno === ESRCH;
  if (isDead && known === undefined && policy.act.forkStorm) noteDeath(state.forkStorm, table, intent.slot, nowMs);
  if (outcome.errno === ESRCH) {
    if (known !== undefined && known.exitedMs === ABSENT) known.exitedMs = known.freedMs = nowMs;
    events.push({ kind: 'no_action', episode, reason: 'victim_vanished', detail: `pid ${intent.pid}`, memory });
    return;
  }
  if (outcome.errno !== 0) {
    if (known !== undefined) known.verdict = 'stuck';
    const detail = outcome.errno === EPERM ? `pid ${intent.pid}: EPERM` : `pid ${intent.pid}: errno ${outcome.errno}`;
    events.push({ kind: 'no_action', episode, reason: 'no_privilege', detail, memory });
    return;
  }
  if (policy.mode === 'observe') {
    events.push({ kind: 'no_action', episode, reason: 'observe_mode', detail: `pid ${intent.pid}`, memory });
  }
  if (known === undefined) {
    const room = isOfCgroup ? roomOf(state, sample) : sample;
    victims.push(newVictim(state, intent, facts, table, room, nowMs));
    spend(state.budget, nowMs);
  } else {
    known.signal = intent.signal;
    known.simulated = intent.dryRun;
    known.signalledMs = nowMs;
    known.checkpoint = 0;
  }
  if (outcome.sent && intent.signal === 'KILL')
    killWhole(state, known?.wholePath ?? state.wholePath, isOfCgroup, nowMs);
};
