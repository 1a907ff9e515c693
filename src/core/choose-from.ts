/** A victim out of the table that a tick asked for, or the reason why there is none. */
import { EXCLUSIONS } from './event.ts';
import { findStorm, isTellable } from './fork-storm.ts';
import { futilityOf, futilityText } from './futility.ts';
import type { SignalIntent } from './intent.ts';
import { noAction, noActionEvent } from './no-action.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { choose, minimumKiBOf, noteDying, pushSignals, waitsFor, wholeOf, whyNobody } from './selection.ts';
import type { State } from './state.ts';
import { swarmVictim } from './swarm.ts';
import { ABSENT } from './units.ts';

const UNIDENTIFIED = EXCLUSIONS.indexOf('unidentified');

/** Pushes the signals of the choice at `signal`, or tells why nobody is chosen. */
export const chooseFrom = (
  state: State,
  table: ProcessTable,
  signal: SignalIntent['signal'],
  sample: Sample,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  const minimumKiB = minimumKiBOf(policy, sample);
  noteDying(state, table, minimumKiB, nowMs, out);
  const waits = waitsFor(state, policy, sample, nowMs);
  const slot = waits === '' ? choose(state, table, policy, minimumKiB) : ABSENT;
  if (waits !== '' || state.ranking.abortedBy !== ABSENT) {
    // Nobody was ranked: what an earlier choice left must not be taken for the answer.
    state.ranking.excluded.fill(0);
    const detail = waits === '' ? `pid ${table.pid[state.ranking.abortedBy]} is exiting (patch 2 is off)` : waits;
    noAction(state, 'waiting_for_victim', detail, sample, nowMs, out);
    return;
  }
  if (policy.act.forkStorm && takeStorm(state, table, minimumKiB, sample, policy, nowMs, out)) return;
  if (slot === ABSENT) {
    // Whoever runs the tick may look who the unidentified are and ask again: that is no refusal to act yet.
    const isFinal = state.nobodyMs !== ABSENT || state.ranking.excluded[UNIDENTIFIED] === 0;
    state.nobodyMs = nowMs;
    if (!isFinal) return;
    noAction(state, whyNobody(state, table, minimumKiB), `${table.count} processes known`, sample, nowMs, out);
    return;
  }
  const futility = futilityOf(state.ranking, table, sample, policy, state.level, state.calm, state.holders);
  if (futility !== null) {
    state.nobodyMs = nowMs;
    noAction(state, 'futile', futilityText(futility), sample, nowMs, out);
    return;
  }
  state.nobodyMs = ABSENT;
  state.noAction = null;
  const { calm, forkStorm, ranking } = state;
  const victim = policy.act.forkStorm ? swarmVictim(slot, table, ranking, sample, calm, forkStorm.calmArrivals) : slot;
  pushSignals(state, table, victim, signal, policy.mode === 'observe', '', out, wholeOf(table, victim, policy));
};

/** Pushes the signals for the parent of a fork storm and all that it forked; false when there is none that may be killed. */
const takeStorm = (
  state: State,
  table: ProcessTable,
  minimumKiB: number,
  sample: Sample,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): boolean => {
  const { forkStorm } = state;
  const storm = findStorm(forkStorm, table, state.ranking, minimumKiB, nowMs);
  if (storm === null) return false;
  if (storm.isSpared) {
    const why = EXCLUSIONS[state.ranking.exclusion[storm.slot] as number];
    const detail = `pid ${table.pid[storm.slot]} (${table.comm[storm.slot]}) replaces its children, and is ${why}`;
    if (isTellable(forkStorm, nowMs)) out.events.push(noActionEvent(state, 'fork_storm', detail, sample));
    return false;
  }
  forkStorm.members = storm.members;
  // What was counted is answered: a parent that cannot be signalled must die for new deaths.
  forkStorm.deaths.length = 0;
  state.nobodyMs = ABSENT;
  state.noAction = null;
  // SIGTERM would leave it time to fork more. A process with SIGKILL pending forks no more (kernel/fork.c, copy_process()).
  const whole = wholeOf(table, storm.slot, policy);
  pushSignals(state, table, storm.slot, 'KILL', policy.mode === 'observe', 'fork_storm', out, whole);
  return true;
};
