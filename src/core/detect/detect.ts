/** One tick of detection: sample in, verdict out. Carried state is explicit: slope, window, one hold timer. */
import { createHold, type Hold, heldFor } from '../hold.ts';
import { isReached, markKiB } from '../mark.ts';
import { createOwnLimits, isOfTheHost, type OwnLimits, type SignsSince } from '../own-limits.ts';
import type { Policy } from '../policy.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { DETECTED, LEVEL, type Verdict } from '../verdict.ts';
import { createWindow, pushReading } from '../window.ts';
import { createSlope, exhaustionMs, forgetSlope, type SlopeState, updateSlope } from './slope.ts';
import {
  createSigns,
  isThrashing,
  isThrashingBusily,
  readSigns,
  THRASH_COUNTERS,
  type ThrashSigns,
  type ThrashWindow,
} from './thrash.ts';
import { REACHED, thresholdReached } from './threshold.ts';

/** Of the policy: what detection goes by. */
type DetectSettings = Pick<Policy, 'detect'>;

export interface DetectState {
  readonly slope: SlopeState;
  readonly window: ThrashWindow;
  readonly signs: ThrashSigns;
  readonly thrashing: Hold;
  readonly thrashingBusily: Hold;
  /** Of the last reading of cgroups, filled by core/watch; standby reads none. */
  readonly ownLimits: OwnLimits;
  /** How many of those there had been when the signs of a thrash were last not there. */
  readsBefore: number;
  /** When the last sign of an approach was seen; ABSENT: never. */
  approachMs: number;
  readonly verdict: Verdict;
  memorySomeUs: number;
  /** The last tick came so late that what was seen before it was forgotten. */
  wasStopped: boolean;
  /** vmstat, zoneinfo and the other pressure files are wanted in the next tick's sample. */
  wantsDetails: boolean;
}

export const createDetect = (): DetectState => ({
  slope: createSlope(),
  window: createWindow(THRASH_COUNTERS),
  signs: createSigns(),
  thrashing: createHold(),
  thrashingBusily: createHold(),
  ownLimits: createOwnLimits(),
  readsBefore: 0,
  approachMs: ABSENT,
  verdict: { level: LEVEL.CALM, detectors: 0, exhaustionMs: ABSENT, headroomKiB: 0 },
  memorySomeUs: ABSENT,
  wasStopped: false,
  wantsDetails: true,
});

/** Whether all signs of a thrash are there, whosever it is. */
export const seemsThrashing = ({ thrashing, thrashingBusily }: DetectState): boolean =>
  thrashing.sinceMs !== ABSENT || thrashingBusily.sinceMs !== ABSENT;

/** A twentieth of the time, from which on core/livelock judges what stalls as well. */
const STALLS_PERMYRIAD = 500;

/** Whether it may come to depend on whose pages come back (core/own-limits). */
export const wantsOwnLimits = ({ signs }: DetectState): boolean =>
  signs.nearWatermark && signs.fullPermyriad >= STALLS_PERMYRIAD;

/** Exhaustion nearer than this is an approach: ten seconds let the index of a large host be refreshed several times. */
const APPROACH_MS = 10_000;

/** A thrash that is told by less than the mark has to hold for longer, but not while memory nears its end as well. */
const BUSY_HOLDS = 2;
/** A hog that takes the last page cache is at its end 2 to 3 s after the first command that hung. */
const SOON_MS = 5000;

/** So many readings a window: enough that one late tick does not decide, few enough for the ring. */
const READINGS_PER_WINDOW = 16;

/** Nothing is hidden: a mark that is off leaves all of MemAvailable as headroom. */
const headroom = (policy: DetectSettings, sample: Sample): number => {
  const mark = markKiB(policy.detect.term.memAvailable, sample.memTotalKiB);
  return mark === ABSENT ? sample.memAvailableKiB : sample.memAvailableKiB - mark;
};

const thresholdBits = (reached: number): number =>
  ((reached & REACHED.MEM_AVAILABLE) !== 0 ? DETECTED.MEM_AVAILABLE : 0) |
  ((reached & REACHED.SWAP_FREE) !== 0 ? DETECTED.SWAP_FREE : 0);

/**
 * A tick this late was not held up by a thrash (0.84 s at worst, ARCHITECTURE.md) but stopped: SIGSTOP, a debugger, a frozen
 * cgroup, a host without a CPU to give. Slope, window and hold would speak of the time before, in which somebody else may
 * have ended the shortage.
 */
const STOPPED_MS = 5000;

/** Once: where every tick is that late, what lies between two of them is all there is to judge by. */
const forgetPast = (state: DetectState, lateMs: number): void => {
  const isStopped = lateMs >= STOPPED_MS;
  if (isStopped === state.wasStopped) return;
  state.wasStopped = isStopped;
  if (!isStopped) return;
  forgetSlope(state.slope);
  state.window.filled = 0;
  state.thrashing.sinceMs = state.thrashingBusily.sinceMs = ABSENT;
};

/** When the signs that are held began. */
const signsSince = ({ thrashing, thrashingBusily, readsBefore }: DetectState): SignsSince => ({
  ms: Math.min(...[thrashing.sinceMs, thrashingBusily.sinceMs].filter((ms) => ms !== ABSENT)),
  reads: readsBefore,
});

/** Judges `sample` into `state.verdict`. A sample without MemAvailable cannot raise a level by the marks. */
export const detect = (state: DetectState, sample: Sample, policy: DetectSettings, nowMs: number): Verdict => {
  const { verdict, signs } = state;
  const { thrash } = policy.detect;
  forgetPast(state, sample.tickLateMs);
  updateSlope(state.slope, sample, nowMs);
  pushReading(state.window, sample, nowMs, thrash.windowMs / READINGS_PER_WINDOW);
  const nearMark = isNearMark(sample, policy);
  readSigns(signs, state.window, sample, thrash, nearMark, nowMs);
  verdict.exhaustionMs = exhaustionMs(state.slope);
  verdict.headroomKiB = headroom(policy, sample);

  const term = thresholdReached(policy.detect.term, policy.detect.combine, sample);
  const kill = thresholdReached(policy.detect.kill, policy.detect.combine, sample);
  const thrashing = isThrashing(signs, sample, thrash, policy.detect.lateMs);
  const busily = isThrashingBusily(signs, sample, thrash, nearMark);
  const clearly = heldFor(state.thrashing, thrashing, thrash.holdMs, nowMs);
  const ends = nearMark && verdict.exhaustionMs !== ABSENT && verdict.exhaustionMs <= SOON_MS;
  const busyHoldMs = ends ? thrash.holdMs : thrash.holdMs * BUSY_HOLDS;
  const isHeld = heldFor(state.thrashingBusily, busily, busyHoldMs, nowMs) || clearly;
  if (!seemsThrashing(state)) state.readsBefore = state.ownLimits.reads;
  const thrashHeld = isHeld && isOfTheHost(state.ownLimits, signsSince(state), nowMs);
  const near = verdict.exhaustionMs !== ABSENT && verdict.exhaustionMs <= policy.detect.forecastMs;

  verdict.detectors = thresholdBits(term | kill) | (thrashHeld ? DETECTED.THRASH : 0);
  // A thrashing process cannot run its SIGTERM handler: its pages are the ones that are missing.
  if (kill !== 0 || thrashHeld) verdict.level = LEVEL.KILL;
  else if (term !== 0 && near) {
    verdict.level = LEVEL.KILL;
    verdict.detectors |= DETECTED.FORECAST;
  } else if (term !== 0) verdict.level = LEVEL.TERM;
  else
    verdict.level = isApproaching(state, sample, policy, nearMark || thrashing || busily, nowMs)
      ? LEVEL.APPROACH
      : LEVEL.CALM;

  const stalls = state.memorySomeUs !== ABSENT && sample.memorySomeUs > state.memorySomeUs;
  state.memorySomeUs = sample.memorySomeUs;
  // They tell thrash, which without stalls there is none of; a leak is timed by MemAvailable alone, and sooner without them.
  state.wantsDetails = stalls || signs.fullPermyriad > 0 || sample.memorySomeUs === ABSENT;
  return verdict;
};

/** An approach lasts at least this long: memory comes and goes in bursts, and each step in between is not news. */
const APPROACH_STAYS_MS = 5000;

/** Within twice the term mark. */
const isNearMark = (sample: Sample, policy: DetectSettings): boolean => {
  // Half of what is there against the mark: a mark of twice the size would be an object in each tick.
  const halfKiB = sample.memAvailableKiB === ABSENT ? ABSENT : Math.floor(sample.memAvailableKiB / 2);
  return isReached(policy.detect.term.memAvailable, halfKiB, sample.memTotalKiB);
};

/** Near exhaustion at the present slope, or late. */
const isNear = (state: DetectState, sample: Sample, policy: DetectSettings): boolean => {
  // By the average alone: one step of a burst is exhausted in no time on a small host.
  const { averageKiBPerMs, freeKiB } = state.slope;
  if (averageKiBPerMs > 0 && freeKiB / averageKiBPerMs <= APPROACH_MS) return true;
  return sample.tickLateMs >= policy.detect.lateMs;
};

/** Whether it is time to bring descriptors up to date; `isSeen`: the mark is near, or signs of a thrash are there. */
const isApproaching = (
  state: DetectState,
  sample: Sample,
  policy: DetectSettings,
  isSeen: boolean,
  nowMs: number,
): boolean => {
  if (isSeen || isNear(state, sample, policy)) state.approachMs = nowMs;
  return state.approachMs !== ABSENT && nowMs - state.approachMs < APPROACH_STAYS_MS;
};
