/**
 * One look of standby: rests while control turns, watches by control's own detection while a turn is overdue, and acts by
 * the same marks when it stays away. From the first overdue moment on nothing is opened and nothing is waited for.
 */
import { createDetect, type DetectState, detect } from '../core/detect/detect.ts';
import { markKiB } from '../core/mark.ts';
import { hearWithinLimits } from '../core/own-limits.ts';
import { paceMs } from '../core/pace.ts';
import { emptySample, type Sample } from '../core/sample.ts';
import { ABSENT } from '../core/units.ts';
import { DETECTED, LEVEL } from '../core/verdict.ts';
import { bestOf, type Candidate, type Candidates, groupOf, isTakenByUnknown, sizeKiBOf } from './candidates.ts';
import { boundMs, createAbsence, endAbsence, nextStep } from './decide.ts';
import {
  claim,
  type Deed,
  endsOf,
  isWithinLimits,
  killsLeft,
  lastAvailableKiB,
  mayAct,
  overdueMs,
  record,
  turnsOf,
  unclaim,
  waitMs,
} from './page.ts';
import { lookAfterMs, type StandbyStart } from './start.ts';

export interface StandbyPorts {
  /** Low 32 bits of CLOCK_MONOTONIC in ms (page.ts). */
  readonly uptimeMs: () => number;
  /** Milliseconds, growing. */
  readonly nowMs: () => number;
  readonly readSample: (sample: Sample) => void;
  readonly candidates: Candidates;
  /** The timer will go off when control stays away. */
  readonly isTimerSet: () => boolean;
  /** SIGKILL through the pidfd: 0 or the errno. */
  readonly kill: (candidate: Candidate) => number;
  /** Begins to take its memory back, on another thread. */
  readonly reap: (candidate: Candidate) => void;
  readonly tell: (deed: Deed) => void;
}

/** Until the timer goes off, or something comes from control. */
export const UNTIL_WOKEN = -1;
/** Without a timer, before the first turn of control, for example. */
const REST_MAX_MS = 2000;
/** While it is overdue, at most: four readings fill the window of the thrash verdict. Near the marks by control's own pace. */
const WATCH_MS = 250;
/** After a shot its end is not to be missed by much. */
const SHOT_MS = 50;

const NOBODY = { slot: ABSENT, generation: ABSENT, pid: ABSENT, sizeKiB: 0, isCompanion: false, errno: 0, comm: '' };

export interface StandbyLoop {
  /** Looks, and acts if it must; the milliseconds until the next look, or UNTIL_WOKEN. */
  turn(): number;
}

export const createStandbyLoop = (
  ports: StandbyPorts,
  page: Int32Array,
  start: StandbyStart,
  pageKiB: number,
): StandbyLoop => {
  const { candidates } = ports;
  const { mode, act, control, pace } = start;
  const restMs = lookAfterMs(control.standby);
  const sample = emptySample();
  const absence = createAbsence();
  let detection: DetectState = createDetect();
  let isAway = false;
  let seenEnds = 0;
  let shot: Candidate | null = null;

  const totalPages = (): number => (sample.memTotalKiB + Math.max(0, sample.swapTotalKiB)) / pageKiB;

  /** The memory that is missing went to somebody we do not know; our own kills since then are counted out. */
  const isUnknown = (): boolean => {
    const markOf = markKiB(start.detect.kill.memAvailable, sample.memTotalKiB);
    const lostKiB = lastAvailableKiB(page) - sample.memAvailableKiB;
    if (absence.kills > 0 || markOf === ABSENT || lostKiB < markOf) return false;
    return isTakenByUnknown(candidates.rows, totalPages(), pageKiB, lostKiB);
  };

  const best = (): Candidate | null =>
    bestOf(candidates.rows, totalPages(), pageKiB, Math.max(0, markKiB(start.minimumSize, sample.memTotalKiB)));

  const tell = (deed: Omit<Deed, 'atMs' | 'lateMs' | 'memAvailableKiB'>): void => {
    const atMs = ports.uptimeMs();
    const told = { ...deed, atMs, lateMs: overdueMs(page, atMs), memAvailableKiB: sample.memAvailableKiB };
    record(page, told);
    ports.tell(told);
  };

  /** 0 or the errno. */
  const shoot = (candidate: Candidate, isCompanion: boolean): number => {
    const errno = mode === 'enforce' ? ports.kill(candidate) : 0;
    candidate.isDone = mode === 'enforce';
    const { slot, generation, pid, comm } = candidate.entry;
    const outcome = mode === 'observe' ? 'observed' : errno === 0 ? 'killed' : 'refused';
    const sizeKiB = Math.floor(sizeKiBOf(candidate, totalPages(), pageKiB));
    tell({ outcome, slot, generation, pid, comm, sizeKiB, isCompanion, errno });
    if (outcome === 'killed') ports.reap(candidate);
    return errno;
  };

  const kill = (chosen: Candidate, turns: number): void => {
    if (!claim(page, turns, ports.uptimeMs())) return;
    shot = chosen;
    absence.kills++;
    absence.shotMs = ports.nowMs();
    const [, ...company] = groupOf(candidates.rows, chosen);
    // Refused, or only named: nothing is to be waited for.
    absence.goneMs = shoot(chosen, false) !== 0 || mode === 'observe' ? absence.shotMs : ABSENT;
    for (const each of company) shoot(each, true);
    unclaim(page);
  };

  /** Until the mark may be reached, or, when it is, until it is time; whatever else is waited for is seen soon enough. */
  const pauseMs = (overdue: number): number => {
    const { verdict, slope } = detection;
    const untilMark = verdict.level < LEVEL.KILL ? paceMs(verdict, slope.lossKiBPerMs, false, ABSENT, pace) : WATCH_MS;
    const left = boundMs(overdue, verdict.exhaustionMs, control.standby) - overdue;
    return Math.min(WATCH_MS, untilMark, left < 0 ? WATCH_MS : left + 1);
  };

  /** Control is back, or was in between. */
  const comeBack = (): void => {
    isAway = false;
    shot = null;
    endAbsence(absence);
    detection = createDetect();
  };

  return {
    turn: () => {
      const turns = turnsOf(page);
      const overdue = overdueMs(page, ports.uptimeMs());
      const ends = endsOf(page);
      // Not yet in its first turn: what we killed is not in its budget before that ends.
      if (isAway && ends !== seenEnds) comeBack();
      seenEnds = ends;
      if (turns === 0) return REST_MAX_MS;
      // One that has gone off already belongs to an absence that is over, and control is about to set it anew.
      if (overdue <= 0) return ports.isTimerSet() ? UNTIL_WOKEN : Math.min(REST_MAX_MS, restMs - overdue);
      isAway = true;
      const nowMs = ports.nowMs();
      ports.readSample(sample);
      // Its lateness is control's, and no sign of ours: here only what the kernel says counts.
      sample.tickLateMs = 0;
      if (isWithinLimits(page)) hearWithinLimits(detection.ownLimits, nowMs);
      const { level, detectors, exhaustionMs } = detect(detection, sample, start, nowMs);
      const isThrash = detectors === DETECTED.THRASH;
      const isNear = overdue > boundMs(overdue, exhaustionMs, control.standby) && level >= LEVEL.KILL;
      if (isNear) candidates.scan();
      if (shot?.isGone === true && absence.goneMs === ABSENT) absence.goneMs = nowMs;
      const chosen = isNear && !isUnknown() ? best() : null;
      const situation = {
        nowMs,
        overdueMs: overdue,
        exhaustionMs,
        level,
        mayAct: mayAct(page),
        killsLeft: killsLeft(page),
        waitMs: waitMs(page, ports.uptimeMs()),
        holdOffMs: isThrash ? Math.max(act.holdOffMs, start.detect.thrash.windowMs) : act.holdOffMs,
        hasCandidate: chosen !== null,
        isObserving: mode === 'observe',
      };
      const step = nextStep(absence, situation, act, control.standby);
      if (step === 'kill' && chosen !== null) kill(chosen, turns);
      if (step === 'nobody' && !absence.isNobodyTold) {
        absence.isNobodyTold = true;
        tell({ ...NOBODY, outcome: 'nobody' });
      }
      if (step === 'over_budget' && !absence.isBudgetTold) {
        absence.isBudgetTold = true;
        tell({ ...NOBODY, outcome: 'over_budget' });
      }
      return shot !== null && absence.goneMs === ABSENT ? SHOT_MS : pauseMs(overdue);
    },
  };
};
