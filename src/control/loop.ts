/**
 * One turn of the loop: sample, tick, execute, publish, refresh; then how long to sleep. Synchronous from the first read
 * to the last signal; between a verdict and its signal nothing is opened, listed, spawned or awaited.
 */
import { candidatesNow, createCandidateWatch } from '../core/candidates.ts';
import { EXCLUSIONS, type OomwatchdEvent } from '../core/event.ts';
import { force } from '../core/force.ts';
import type { ForcedAnswer, ForcedRequest } from '../core/forced.ts';
import { noteKernelDeaths } from '../core/fork-storm.ts';
import type { TickOutput } from '../core/output.ts';
import { paceMs } from '../core/pace.ts';
import type { Policy } from '../core/policy.ts';
import { noteTotals } from '../core/process-table.ts';
import { highestRung } from '../core/rung.ts';
import { emptySample } from '../core/sample.ts';
import { largestUnidentified } from '../core/select/unidentified.ts';
import { isFault } from '../core/source.ts';
import type { State } from '../core/state.ts';
import { type TickInputs, tick } from '../core/tick.ts';
import { ABSENT } from '../core/units.ts';
import { LEVEL } from '../core/verdict.ts';
import { spareProtected } from '../core/victim.ts';
import { noteExits } from './exits.ts';
import { createHand } from './hand.ts';
import { createIntake } from './intake.ts';
import { createLoopNumbers } from './loop-numbers.ts';
import type { LoopNumbers, Ports } from './ports.ts';
import { countTick } from './tick-counts.ts';
import { createUpkeep } from './upkeep.ts';

/** Identities read in an emergency at the most: only what outgrew every known candidate within one round. */
const LATE_IDENTITIES = 4;

/** vmstat's oom_kill against the records: a text that nobody parses is noticed within this (core/register/cross-check). */
const DETAILS_EVERY_MS = 10_000;

/** A twentieth of the time: below it a stall is what any busy memcg has, above it thrash is judged closely. */
const STALL_SHARE = 0.05;
const US_PER_MS = 1000;

const UNIDENTIFIED = EXCLUSIONS.indexOf('unidentified');

export interface Loop {
  /** Runs one tick and returns the milliseconds to sleep. `dueMs`: when it was meant to run, for its lateness. */
  turn(dueMs: number): number;
  /** A forced selection, at once. */
  force(request: ForcedRequest): ForcedAnswer;
  setPolicy(policy: Policy): void;
  readonly numbers: LoopNumbers;
}

export const createLoop = (ports: Ports, state: State, firstPolicy: Policy): Loop => {
  const { clock, sampler, index, executor, publisher, victims } = ports;
  const sample = emptySample();
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const exited: number[] = [];
  const intake = createIntake(ports.kernelLog, victims, ports.watchers, ports.standby, ports.remedies);
  const candidates = createCandidateWatch(index.table.capacity);
  const upkeep = createUpkeep(index, state, () =>
    publisher.publish(candidatesNow(candidates, state, index.table, policy, sample)),
  );
  const hand = createHand(ports, state, sample, out, upkeep.shot);
  const inputs = { ...intake, sample, table: null, exited } as {
    -readonly [K in keyof TickInputs]: TickInputs[K];
  };
  const numbers = createLoopNumbers(state.stall, state.livelock);
  let policy = firstPolicy;
  let detailsMs = Number.NEGATIVE_INFINITY;
  let someUs: number = ABSENT;
  let turnMs = 0;

  const read = (details: boolean): void => {
    sampler.readBasics(sample);
    if (details) sampler.readDetails(sample);
    noteTotals(index.table, sample);
  };

  const watchVictims = (): void => {
    exited.length = 0;
    noteExits(state.victims, executor, exited);
    noteExits(state.cgroupAction.victims, executor, exited);
  };

  /** Whoever is to be shot is not the cause, and nobody else who is known: chosen anew among all who are there. */
  const chooseAmongStrangers = (): void => {
    if (out.intents[0]?.kind !== 'signal' || !upkeep.lookForStrangers(sample, clock.nowMs)) return;
    index.scan();
    out.intents.length = 0;
    tick(state, inputs, policy, clock.nowMs(), out);
  };

  /** Something outgrew every candidate within one round: look who it is, or an innocent would die in its place. */
  const chooseAmongAll = (): void => {
    // The ranking is that of the last choice: it says nothing when the shortage was over by the time of the scan.
    if (state.detect.verdict.level < LEVEL.TERM || out.intents[0]?.kind === 'sysrq_f') return;
    for (let times = 0; times < LATE_IDENTITIES; times++) {
      const slot =
        state.ranking.excluded[UNIDENTIFIED] === 0 ? ABSENT : largestUnidentified(state.ranking, index.table);
      if (slot === ABSENT) return;
      index.identify(slot);
      out.intents.length = 0;
      tick(state, inputs, policy, clock.nowMs(), out);
    }
  };

  const runTick = (nowMs: number): void => {
    inputs.table = null;
    tick(state, inputs, policy, nowMs, out);
    let scanMs = 0;
    if (out.intents[0]?.kind === 'scan') {
      const { verdictMs } = state;
      const scanStart = clock.nowMs();
      index.scan();
      scanMs = clock.nowMs() - scanStart;
      // A press is verified by what vmstat counted before it.
      read(state.detect.wantsDetails || state.climb.helplessMs !== ABSENT);
      inputs.table = index.table;
      out.intents.length = 0;
      tick(state, inputs, policy, clock.nowMs(), out);
      chooseAmongStrangers();
      chooseAmongAll();
      state.verdictMs = verdictMs;
    }
    hand.carryOut(policy, scanMs, false);
  };

  /** Counters that are compared with the kernel's records: now and then, and whenever somebody is dying. */
  const wantsDetails = (nowMs: number): boolean => {
    const isWanted = state.detect.wantsDetails || state.register.dying.length > 0 || state.register.press.isOpen;
    if (!isWanted && nowMs - detailsMs < DETAILS_EVERY_MS) return false;
    detailsMs = nowMs;
    return true;
  };

  const followSources = (nowMs: number): void => {
    // By index here and below: under the interpreter an iterator is an object, and so is each of its results.
    for (let at = 0; at < sampler.sources.length; at++) {
      const source = sampler.sources[at] as (typeof sampler.sources)[number];
      if (!source.isUp && state.level < LEVEL.TERM) sampler.repair(nowMs);
      if (!source.isNews) continue;
      source.isNews = false;
      const { name, isUp, hasBeenUp, detail } = source;
      publisher.publish({ kind: 'source', name, up: isUp, fault: !isUp && isFault(name, hasBeenUp), detail });
    }
  };

  /** Whether tasks waited for memory for a noteworthy share of the time since the last turn. */
  const stalledSince = (nowMs: number): boolean => {
    const elapsedMs = nowMs - turnMs;
    turnMs = nowMs;
    // Nobody waited, the rule: no arithmetic, which makes heap numbers under the interpreter.
    if (sample.memorySomeUs === someUs) return false;
    const waitedMs = someUs === ABSENT ? 0 : (sample.memorySomeUs - someUs) / US_PER_MS;
    someUs = sample.memorySomeUs;
    return waitedMs >= elapsedMs * STALL_SHARE && waitedMs > 0;
  };

  const publish = (): void => {
    for (let at = 0; at < out.events.length; at++) publisher.publish(out.events[at] as OomwatchdEvent);
    out.events.length = 0;
  };

  /** Carries out what force() has pushed, and corrects its answer where the kernel refuses. */
  const forced = (request: ForcedRequest): ForcedAnswer => {
    const nowMs = clock.nowMs();
    out.intents.length = out.events.length = 0;
    upkeep.lookAround(clock.nowMs);
    const scanStart = clock.nowMs();
    index.scan();
    read(true);
    const answer = force(state, request, index.table, policy, nowMs, out);
    let errno = hand.carryOut(policy, clock.nowMs() - scanStart, true);
    const signal = out.events.find((event) => event.kind === 'signal');
    if (signal !== undefined) errno = signal.errno;
    return errno === 0 ? answer : { ...answer, outcome: 'refused', detail: `errno ${errno}` };
  };

  const turn = (dueMs: number): number => {
    if (ports.standby.begin()) return policy.pace.minMs;
    const beginMs = clock.nowMs();
    out.intents.length = out.events.length = 0;
    sample.ownMajorFaults = ports.ownMajorFaults();
    read(wantsDetails(beginMs));
    // One that is stopped or held up before it has read is late as well: by the time of its begin all rates would be too high.
    const nowMs = clock.nowMs();
    const lateMs = Math.max(0, nowMs - dueMs);
    sample.tickLateMs = lateMs;
    const stalls = stalledSince(nowMs);
    watchVictims();
    intake.fill(state.register);
    if (policy.act.forkStorm) noteKernelDeaths(state.forkStorm, inputs.kernel, inputs.kernelSlots, index.table, nowMs);
    runTick(nowMs);
    hand.restore(nowMs);
    const { verdict } = state.detect;
    numbers.nowMs = nowMs;
    numbers.level = verdict.level;
    numbers.observing = policy.mode === 'observe';
    numbers.headroomKiB = verdict.headroomKiB;
    numbers.exhaustionMs = verdict.exhaustionMs;
    numbers.rung = highestRung(state);
    numbers.ticks++;
    numbers.lateMs = lateMs;
    numbers.lateMaxMs = Math.max(numbers.lateMaxMs, lateMs);
    numbers.stalls = stalls;
    countTick(numbers.lateness, lateMs);
    publish();
    followSources(nowMs);
    upkeep.run(nowMs);
    numbers.durationMs = clock.nowMs() - beginMs;
    countTick(numbers.durations, numbers.durationMs);
    publisher.gauges(numbers, sample);
    ports.ticked();
    const sleepMs = paceMs(verdict, state.detect.slope.lossKiBPerMs, stalls, state.dueMs, policy.pace);
    // Nothing can be done before somebody else is known: no reason to look a hundred times a second.
    const pauseMs = state.nobodyMs === ABSENT ? sleepMs : Math.max(sleepMs, policy.act.holdOffMs);
    ports.standby.end(pauseMs, sample.memAvailableKiB);
    return pauseMs;
  };

  return {
    turn,
    force: (request) => {
      const answer = forced(request);
      const { by, reason } = request;
      const { outcome, detail } = answer;
      out.events.push({ kind: 'forced', by, reason, outcome, pid: answer.victim?.pid ?? ABSENT, detail });
      publish();
      return answer;
    },
    setPolicy: (next) => {
      policy = next;
      for (const victims of [state.victims, state.cgroupAction.victims]) spareProtected(victims, index.table);
    },
    numbers,
  };
};
