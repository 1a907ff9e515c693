/** A victim out of the table that a tick asked for, or the reason why there is none. */
import { EXCLUSIONS } from './event.ts';
import { futilityOf, futilityText } from './futility.ts';
import type { SignalIntent } from './intent.ts';
import { noAction } from './no-action.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { choose, minimumKiBOf, noteDying, pushSignals, waitsFor, wholeOf, whyNobody } from './selection.ts';
import type { State } from './state.ts';
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
  pushSignals(state, table, slot, signal, policy.mode === 'observe', '', out, wholeOf(table, slot, policy));
};
