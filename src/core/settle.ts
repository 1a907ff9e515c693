/**
 * After the shot: what the outcome of a signal changes in the state, and what is told about it. Events are made here and
 * not before, so that nothing is allocated between verdict and signal.
 */
import { spend } from './act/budget.ts';
import { EXCLUSIONS, type Exclusion, type OomwatchdEvent, type ProcessFacts } from './event.ts';
import { EPERM, ESRCH, type Outcome, type SignalIntent } from './intent.ts';
import { memoryFacts } from './memory-facts.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { factsOf } from './select/facts.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';
import { detectorNames } from './verify/episode.ts';
import type { Victim } from './victim.ts';

/** How many of the ranked candidates are told with the choice: enough to see why the runners-up were not taken. */
const TOLD = 5;

const rankedEvent = (state: State, table: ProcessTable, scanMs: number): OomwatchdEvent => {
  const excluded: Partial<Record<Exclusion, number>> = {};
  EXCLUSIONS.forEach((reason, index) => {
    const count = state.ranking.excluded[index] as number;
    if (count > 0) excluded[reason] = count;
  });
  const slots = Array.from(state.ranking.order.subarray(0, Math.min(TOLD, state.ranking.count)));
  const top = slots.map((slot) => factsOf(table, slot));
  return { kind: 'ranked', episode: state.episode.number, scanned: table.count, top, excluded, scanMs };
};

const newVictim = (
  intent: SignalIntent,
  facts: ProcessFacts,
  anonKiB: number,
  sample: Sample,
  nowMs: number,
): Victim => ({
  slot: intent.slot,
  facts,
  signal: intent.signal,
  signalledMs: nowMs,
  firstSignalMs: nowMs,
  simulated: intent.dryRun,
  expectedKiB: Math.max(0, anonKiB) + Math.max(0, facts.swapKiB),
  baselineKiB: sample.memAvailableKiB + Math.max(0, sample.swapFreeKiB),
  exitedMs: ABSENT,
  checkpoint: 0,
  verdict: null,
});

/** Applies `outcome` of `intent`; `scanMs` is what the scan before it took. Appends to `events`. */
export const settle = (
  state: State,
  intent: SignalIntent,
  outcome: Outcome,
  table: ProcessTable,
  sample: Sample,
  policy: Policy,
  scanMs: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  const known = state.victims.find((victim) => victim.slot === intent.slot && victim.facts.pid === intent.pid);
  const facts = known?.facts ?? factsOf(table, intent.slot);
  const episode = state.episode.number;
  if (known === undefined) events.push(rankedEvent(state, table, scanMs));
  events.push({
    kind: 'signal',
    episode,
    signal: intent.signal,
    reason: intent.reason === '' ? detectorNames(state.detect.verdict.detectors).join('+') : intent.reason,
    victim: facts,
    memory: memoryFacts(sample),
    sent: outcome.sent,
    errno: outcome.errno,
    sinceVerdictMs: nowMs - state.verdictMs,
  });
  const memory = memoryFacts(sample);
  if (outcome.errno === ESRCH) {
    if (known !== undefined && known.exitedMs === ABSENT) known.exitedMs = nowMs;
    events.push({ kind: 'no_action', episode, reason: 'victim_vanished', detail: `pid ${intent.pid}`, memory });
    return;
  }
  if (outcome.errno !== 0) {
    state.refused.push({ slot: intent.slot, pid: intent.pid });
    if (known !== undefined) known.verdict = 'stuck';
    const detail = outcome.errno === EPERM ? `pid ${intent.pid}: EPERM` : `pid ${intent.pid}: errno ${outcome.errno}`;
    events.push({ kind: 'no_action', episode, reason: 'no_privilege', detail, memory });
    return;
  }
  if (policy.mode === 'observe') {
    events.push({ kind: 'no_action', episode, reason: 'observe_mode', detail: `pid ${intent.pid}`, memory });
  }
  if (outcome.sent) state.episode.signals++;
  if (known === undefined) {
    const anonKiB = table.rssAnonKiB[intent.slot] as number;
    state.victims.push(newVictim(intent, facts, anonKiB, sample, nowMs));
    spend(state.budget, nowMs);
  } else {
    known.signal = intent.signal;
    known.simulated = intent.dryRun;
    known.signalledMs = nowMs;
    known.checkpoint = 0;
  }
};
