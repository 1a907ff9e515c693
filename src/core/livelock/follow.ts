/**
 * The verdict over time: judged four times a second while something is wrong, published when it has held, told when it
 * begins, becomes another and ends. A turn in which nothing stalls and nobody dies notes a few numbers and no more.
 */
import type { CgroupRow } from '../cgroup-row.ts';
import type { Dying } from '../dying.ts';
import { EXCLUSIONS, type NoActionReason, type OomwatchdEvent } from '../event.ts';
import { createHold, type Hold, heldFor } from '../hold.ts';
import type { Holder } from '../holder.ts';
import type { KernelEvent } from '../kernel-event.ts';
import { type Livelock, type LivelockEvent, noLivelock } from '../livelock.ts';
import { isWithinLimits, type OwnLimits } from '../own-limits.ts';
import type { Sample } from '../sample.ts';
import type { StallSummary } from '../stall-summary.ts';
import type { SwapUse } from '../swap-use.ts';
import { ABSENT } from '../units.ts';
import { DETECTED, LEVEL, type Verdict } from '../verdict.ts';
import type { Victim } from '../victim.ts';
import { emptyWindow } from '../window.ts';
import { type Baseline, createBaseline, readSpread } from './baseline.ts';
import { type Judgement, judge } from './class.ts';
import { createKernelSaid, hear, type KernelSaid } from './kernel-said.ts';
import { motionOf } from './motion.ts';
import type { Seen } from './seen.ts';
import { createSigns, createSignsWindow, pushSigns, readSigns, type Signs, type SignsWindow } from './signs.ts';

export interface LivelockWatch {
  readonly window: SignsWindow;
  readonly signs: Signs;
  readonly baseline: Baseline;
  readonly kernel: KernelSaid;
  readonly begins: Hold;
  readonly ends: Hold;
  /** When something was last wrong; ABSENT: nothing is. */
  troubledMs: number;
  judgedMs: number;
  /** The last judgement, and the detectors that it was made with. */
  judgement: Judgement | null;
  detectors: number;
  /** What was told last, and when; null: the end of it. */
  told: Pick<Livelock, 'class' | 'cause'> | null;
  toldMs: number;
}

export const createLivelockWatch = (): LivelockWatch => ({
  window: createSignsWindow(),
  signs: createSigns(),
  baseline: createBaseline(),
  kernel: createKernelSaid(),
  begins: createHold(),
  ends: createHold(),
  troubledMs: ABSENT,
  judgedMs: ABSENT,
  judgement: null,
  detectors: 0,
  told: null,
  toldMs: ABSENT,
});

/** What of the state of the daemon a verdict is made of. */
export interface Surroundings {
  readonly detect: {
    readonly verdict: Verdict;
    readonly signs: { readonly fullPermyriad: number; readonly nearWatermark: boolean };
    readonly ownLimits: OwnLimits;
  };
  readonly livelock: Livelock;
  readonly stall: StallSummary;
  readonly cgroups: readonly CgroupRow[];
  readonly holders: readonly Holder[];
  readonly register: { readonly dying: readonly Dying[] };
  readonly victims: readonly Victim[];
  readonly ranking: { readonly excluded: ArrayLike<number> };
  readonly noAction: NoActionReason | null;
}

/** A twentieth of the time: below it nobody notices, and any busy cgroup has as much (control/loop reads details by it). */
const TROUBLE_PERMYRIAD = 500;
/** The window of the signs: as long as it looks back, what was wrong is part of it. */
const TROUBLE_STAYS_MS = 5000;
/** Appendix A samples four times a second. */
const JUDGE_EVERY_MS = 250;
/** One burst of reclaim is over by then; with it and the 2 s that make a rate a verdict comes within 10 s of the onset. */
const HOLD_MS = 2000;
/** A line every few seconds at the most, however the verdict changes. */
const TELL_EVERY_MS = 3000;
/** The timer of patch 5: who is not gone by then does not count as going. */
const STUCK_MS = 5000;
/** With a reason that is known: two looks of the examination. */
const STUCK_REASON_MS = 1000;

const HIDDEN = EXCLUSIONS.indexOf('hidden_from_kernel');

/** Rows of cgroups that are near a limit, or that a rule names, are there while nothing is wrong as well. */
const isAnyTroubled = (cgroups: readonly CgroupRow[]): boolean => {
  for (let at = 0; at < cgroups.length; at++) {
    const { isUnderOom, oomPerS, fullPermyriad } = cgroups[at] as CgroupRow;
    if (isUnderOom || oomPerS > 0 || fullPermyriad >= TROUBLE_PERMYRIAD) return true;
  }
  return false;
};

const isTroubled = ({ detect, livelock, stall, cgroups, register }: Surroundings): boolean =>
  detect.verdict.level > LEVEL.CALM ||
  detect.signs.fullPermyriad >= TROUBLE_PERMYRIAD ||
  register.dying.length > 0 ||
  stall.stalling > 0 ||
  isAnyTroubled(cgroups) ||
  livelock.class !== 'none';

/** A victim of ours or of the kernel that still has its memory and should not have it any more. */
const isStuck = ({ killedBy, life, sinceMs, reason, reap }: Dying, nowMs: number): boolean => {
  if (killedBy === 'itself' || life === 'reaped' || life === 'gone') return false;
  const isKnown = (reason !== null && reason !== 'unknown') || reap === 'hung';
  return life === 'stuck' || nowMs - sinceMs >= (isKnown ? STUCK_REASON_MS : STUCK_MS);
};

const look = (watch: LivelockWatch, around: Surroundings, sample: Sample, swapUse: SwapUse, nowMs: number): Seen => {
  const { window, signs, baseline, kernel } = watch;
  readSigns(signs, window, nowMs);
  readSpread(baseline.now, sample);
  const { verdict } = around.detect;
  return {
    nowMs,
    sample,
    signs,
    motion: motionOf(signs),
    isThrashing: (verdict.detectors & DETECTED.THRASH) !== 0,
    isNearWatermark: around.detect.signs.nearWatermark,
    isWithinLimits: isWithinLimits(around.detect.ownLimits, nowMs),
    isShort: verdict.level >= LEVEL.TERM,
    stall: around.stall,
    cgroups: around.cgroups,
    holders: around.holders,
    stuck: around.register.dying.filter((dying) => isStuck(dying, nowMs)),
    baseline,
    kernel,
    swapUse,
    noAction: around.noAction,
    killed: around.victims.filter(({ simulated }) => !simulated).map(({ facts }) => facts.comm),
    hiddenProcesses:
      around.victims.length > 0 || around.noAction !== null ? (around.ranking.excluded[HIDDEN] as number) : 0,
  };
};

/** Where it need not be seen twice: detect has held it, the victim's time is up, futility has done the sum. */
const isCertain = (judgement: Judgement, around: Surroundings): boolean =>
  judgement.class === 'after_kill' ||
  around.noAction === 'futile' ||
  (around.detect.verdict.detectors & DETECTED.THRASH) !== 0;

const eventOf = (stage: LivelockEvent['stage'], livelock: Livelock, nowMs: number): LivelockEvent => {
  const { sinceMs, ...verdict } = livelock;
  return { kind: 'livelock', stage, ...verdict, forMs: nowMs - sinceMs };
};

const tell = (watch: LivelockWatch, livelock: Livelock, nowMs: number, events: OomwatchdEvent[]): void => {
  const { told } = watch;
  if (told?.class === livelock.class && told.cause === livelock.cause) return;
  if (told !== null && nowMs - watch.toldMs < TELL_EVERY_MS) return;
  const stage = told === null ? 'begins' : 'changes';
  events.push(eventOf(stage, livelock, nowMs));
  watch.told = { class: livelock.class, cause: livelock.cause };
  watch.toldMs = nowMs;
};

const publish = (livelock: Livelock, judgement: Judgement, nowMs: number): void => {
  if (livelock.class !== judgement.class) livelock.sinceMs = nowMs;
  Object.assign(livelock, judgement);
};

const end = (watch: LivelockWatch, livelock: Livelock, nowMs: number, events: OomwatchdEvent[]): void => {
  // What was told last, though it may have become another within the pause between two lines.
  events.push({ ...eventOf('ends', livelock, nowMs), ...watch.told });
  Object.assign(livelock, noLivelock());
  watch.told = null;
  watch.toldMs = nowMs;
};

/** One turn. `sample` is this turn's, `kernel` what its records have said since the last one. */
export const followLivelock = (
  watch: LivelockWatch,
  around: Surroundings,
  sample: Sample,
  kernel: readonly KernelEvent[],
  swapUse: SwapUse,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  if (kernel.length > 0) hear(watch.kernel, kernel, nowMs);
  if (isTroubled(around)) watch.troubledMs = nowMs;
  else if (watch.troubledMs === ABSENT || nowMs - watch.troubledMs >= TROUBLE_STAYS_MS) {
    if (watch.troubledMs !== ABSENT) emptyWindow(watch.window);
    watch.troubledMs = ABSENT;
    readSpread(watch.baseline.calm, sample);
    return;
  }
  pushSigns(watch.window, sample, nowMs);
  const { livelock } = around;
  const { detectors } = around.detect.verdict;
  if (detectors !== watch.detectors || watch.judgedMs === ABSENT || nowMs - watch.judgedMs >= JUDGE_EVERY_MS) {
    watch.judgedMs = nowMs;
    watch.detectors = detectors;
    watch.judgement = judge(look(watch, around, sample, swapUse, nowMs));
  }
  const { judgement } = watch;
  const holds = judgement === null || isCertain(judgement, around) ? 0 : HOLD_MS;
  if (heldFor(watch.begins, judgement !== null, holds, nowMs) && judgement !== null) {
    publish(livelock, judgement, nowMs);
    tell(watch, livelock, nowMs, events);
  }
  const isOver = livelock.class !== 'none' && judgement === null;
  if (heldFor(watch.ends, isOver, HOLD_MS, nowMs)) end(watch, livelock, nowMs, events);
};
