/**
 * One turn of the loop: sample, tick, execute, publish, refresh; then how long to sleep. Synchronous from the first read
 * to the last signal; between a verdict and its signal nothing is opened, listed, spawned or awaited.
 */
import { EXCLUSIONS, type OomwatchdEvent } from '../core/event.ts';
import type { SignalIntent } from '../core/intent.ts';
import { paceMs } from '../core/pace.ts';
import type { Policy } from '../core/policy.ts';
import { FLAG } from '../core/process-table.ts';
import { emptySample } from '../core/sample.ts';
import { settle } from '../core/settle.ts';
import type { State } from '../core/state.ts';
import { type TickInputs, type TickOutput, tick } from '../core/tick.ts';
import { ABSENT } from '../core/units.ts';
import { LEVEL } from '../core/verdict.ts';
import { isPending, spareProtected } from '../core/victim.ts';
import type { LoopNumbers, Ports } from './ports.ts';

/**
 * A calm round every half minute: with 150 processes some 3 ms of work, a hundredth of a percent of a core. Memory that
 * begins to shrink within ten seconds of its end, or nears a mark, is an approach, in which rounds follow one another.
 */
const CALM_ROUND_MS = 30_000;
/** Near the marks, but memory does not shrink. */
const STEADY_ROUND_MS = 2000;
/** A shortage in which nobody may be chosen can last for days: somebody new is found within a second. */
const NOBODY_ROUND_MS = 1000;
/** Exhaustion nearer than this: one round after the other. */
const HURRY_MS = 10_000;
/** A slice in calm times, and one when a shortage approaches and the index must be fresh before the verdict. */
const CALM_BUDGET_MS = 2;
const APPROACH_BUDGET_MS = 3;
/** Opening files allocates: with more than a tenth of the time stalled a refresh would stall the loop as well. */
const REFRESH_MAX_FULL_PERMYRIAD = 1000;
/** After a kill memory returns first: a refresh right after one stalled a prototype for 2.3 s. */
const REFRESH_AFTER_SIGNAL_MS = 1000;
/** Identities read in an emergency at the most: only what outgrew every known candidate within one round. */
const LATE_IDENTITIES = 4;

/** A twentieth of the time: below it a stall is what any busy memcg has, above it thrash is judged closely. */
const STALL_SHARE = 0.05;
const US_PER_MS = 1000;

const UNIDENTIFIED = EXCLUSIONS.indexOf('unidentified');

export interface Loop {
  /** Runs one tick and returns the milliseconds to sleep. `dueMs`: when it was meant to run, for its lateness. */
  turn(dueMs: number): number;
  setPolicy(policy: Policy): void;
  readonly numbers: LoopNumbers;
}

export const createLoop = (ports: Ports, state: State, firstPolicy: Policy): Loop => {
  const { clock, sampler, index, executor, publisher } = ports;
  const sample = emptySample();
  const out: TickOutput = { intents: [], events: [] };
  const exited: number[] = [];
  const inputs = { sample, table: null, exited } as { -readonly [K in keyof TickInputs]: TickInputs[K] };
  const numbers: LoopNumbers = {
    nowMs: 0,
    level: LEVEL.CALM,
    observing: true,
    headroomKiB: 0,
    exhaustionMs: ABSENT,
    ticks: 0,
    lateMs: 0,
    lateMaxMs: 0,
    durationMs: 0,
  };
  let policy = firstPolicy;
  let roundEndMs = Number.NEGATIVE_INFINITY;
  let lastSignalMs = Number.NEGATIVE_INFINITY;
  let someUs: number = ABSENT;
  let turnMs = 0;

  const read = (details: boolean): void => {
    sampler.readBasics(sample);
    if (details) sampler.readDetails(sample);
    index.table.totalPages = (sample.memTotalKiB + Math.max(0, sample.swapTotalKiB)) / index.table.pageKiB;
  };

  const watchVictims = (): void => {
    exited.length = 0;
    if (state.victims.length === 0) return;
    for (const victim of state.victims) {
      if (isPending(victim) && !victim.simulated && executor.hasExited(victim.slot)) exited.push(victim.slot);
    }
  };

  /** The unidentified process with the most points above those of the best candidate; ABSENT when there is none. */
  const largestUnidentified = (): number => {
    const { table } = index;
    const { ranking } = state;
    let largest: number = ABSENT;
    let bar = ranking.count === 0 ? Number.NEGATIVE_INFINITY : (ranking.points[ranking.order[0] as number] as number);
    for (let row = 0; row < table.count; row++) {
      const slot = table.rows[row] as number;
      if (((table.flags[slot] as number) & (FLAG.IDENTIFIED | FLAG.GONE)) !== 0) continue;
      if ((ranking.points[slot] as number) <= bar) continue;
      largest = slot;
      bar = ranking.points[slot] as number;
    }
    return largest;
  };

  /** Something outgrew every candidate within one round: look who it is, or an innocent would die in its place. */
  const chooseAmongAll = (): void => {
    // The ranking is that of the last choice: it says nothing when the shortage was over by the time of the scan.
    if (state.detect.verdict.level < LEVEL.TERM) return;
    for (let times = 0; times < LATE_IDENTITIES; times++) {
      const slot = state.ranking.excluded[UNIDENTIFIED] === 0 ? ABSENT : largestUnidentified();
      if (slot === ABSENT) return;
      index.identify(slot);
      out.intents.length = 0;
      tick(state, inputs, policy, clock.nowMs(), out);
    }
  };

  const shoot = (intent: SignalIntent, scanMs: number): void => {
    const outcome = executor.signal(intent);
    const nowMs = clock.nowMs();
    lastSignalMs = nowMs;
    settle(state, intent, outcome, index.table, sample, policy, scanMs, nowMs, out.events);
  };

  const runTick = (nowMs: number): void => {
    inputs.table = null;
    tick(state, inputs, policy, nowMs, out);
    let intent = out.intents[0];
    let scanMs = 0;
    if (intent?.kind === 'scan') {
      const { verdictMs } = state;
      const scanStart = clock.nowMs();
      index.scan();
      scanMs = clock.nowMs() - scanStart;
      read(state.detect.wantsDetails);
      inputs.table = index.table;
      out.intents.length = 0;
      tick(state, inputs, policy, clock.nowMs(), out);
      chooseAmongAll();
      intent = out.intents[0];
      state.verdictMs = verdictMs;
    }
    if (intent?.kind === 'signal') shoot(intent, scanMs);
  };

  const refreshIndex = (nowMs: number): void => {
    const { fullPermyriad } = state.detect.signs;
    const emergency = state.level >= LEVEL.TERM || fullPermyriad > REFRESH_MAX_FULL_PERMYRIAD;
    // With nobody to choose there is no shot to keep the way clear for: only somebody new can help.
    if (emergency && state.nobodyMs === ABSENT) return;
    if (nowMs - lastSignalMs < REFRESH_AFTER_SIGNAL_MS) return;
    if (nowMs - roundEndMs < roundEveryMs()) return;
    const budgetMs = state.level >= LEVEL.APPROACH ? APPROACH_BUDGET_MS : CALM_BUDGET_MS;
    if (index.refresh(budgetMs)) roundEndMs = nowMs;
  };

  const roundEveryMs = (): number => {
    if (state.nobodyMs !== ABSENT) return NOBODY_ROUND_MS;
    if (state.level !== LEVEL.APPROACH) return CALM_ROUND_MS;
    const { exhaustionMs } = state.detect.verdict;
    return exhaustionMs !== ABSENT && exhaustionMs <= HURRY_MS ? 0 : STEADY_ROUND_MS;
  };

  const followSources = (nowMs: number): void => {
    // By index here and below: under the interpreter an iterator is an object, and so is each of its results.
    for (let at = 0; at < sampler.sources.length; at++) {
      const source = sampler.sources[at] as (typeof sampler.sources)[number];
      if (!source.isUp && state.level < LEVEL.TERM) sampler.repair(nowMs);
      if (!source.isNews) continue;
      source.isNews = false;
      publisher.publish({ kind: 'source', name: source.name, up: source.isUp, detail: source.detail });
    }
  };

  /** Whether tasks waited for memory for a noteworthy share of the time since the last turn. */
  const stalledSince = (nowMs: number): boolean => {
    const waitedMs = someUs === ABSENT ? 0 : (sample.memorySomeUs - someUs) / US_PER_MS;
    const elapsedMs = nowMs - turnMs;
    someUs = sample.memorySomeUs;
    turnMs = nowMs;
    return waitedMs >= elapsedMs * STALL_SHARE && waitedMs > 0;
  };

  const turn = (dueMs: number): number => {
    const nowMs = clock.nowMs();
    out.intents.length = 0;
    out.events.length = 0;
    sample.tickLateMs = Math.max(0, nowMs - dueMs);
    sample.ownMajorFaults = ports.ownMajorFaults();
    const lateMs = sample.tickLateMs;
    read(state.detect.wantsDetails);
    const stalls = stalledSince(nowMs);
    watchVictims();
    runTick(nowMs);
    const { verdict } = state.detect;
    numbers.nowMs = nowMs;
    numbers.level = verdict.level;
    numbers.observing = policy.mode === 'observe';
    numbers.headroomKiB = verdict.headroomKiB;
    numbers.exhaustionMs = verdict.exhaustionMs;
    numbers.ticks++;
    numbers.lateMs = lateMs;
    numbers.lateMaxMs = Math.max(numbers.lateMaxMs, lateMs);
    for (let at = 0; at < out.events.length; at++) publisher.publish(out.events[at] as OomwatchdEvent);
    followSources(nowMs);
    refreshIndex(nowMs);
    numbers.durationMs = clock.nowMs() - nowMs;
    publisher.gauges(numbers, sample);
    ports.ticked();
    const sleepMs = paceMs(verdict, state.detect.slope.lossKiBPerMs, stalls, state.dueMs, policy.pace);
    // Nothing can be done before somebody else is known: no reason to look a hundred times a second.
    return state.nobodyMs === ABSENT ? sleepMs : Math.max(sleepMs, policy.act.holdOffMs);
  };

  return {
    turn,
    setPolicy: (next) => {
      policy = next;
      spareProtected(state.victims, index.table);
    },
    numbers,
  };
};
