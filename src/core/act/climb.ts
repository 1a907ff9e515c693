/**
 * How far up the ladder: since when SIGKILL is called for, since when our own signals do not help and why, and what has
 * been done on the rungs above them. Carried from tick to tick; all of it ends with the shortage.
 */
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';
import type { Victim } from '../victim.ts';

/**
 * Why our own signals do not help. nobody: no process may be signalled; refused: the kernel does not let us; fruitless:
 * each of those that were killed is stuck.
 */
export const HELPLESS = ['', 'nobody', 'refused', 'fruitless'] as const;
export type Helpless = (typeof HELPLESS)[number];

export interface Climb {
  /** Since when without a break, ABSENT: not now. Of `helpless` it is the present reason, of `stalled` the standstill. */
  helpless: Helpless;
  helplessMs: number;
  stalledMs: number;
  /** When a press of SysRq-f was last considered. */
  triedMs: number;
  /** Presses since the shortage began. */
  presses: number;
  /** Why the last one considered was not made, and when that was told. */
  refusal: string;
  refusalMs: number;
  /** When the evidence was taken, and when the last resort was; once a shortage. */
  evidenceMs: number;
  lastResortMs: number;
}

export const createClimb = (): Climb => ({
  helpless: '',
  helplessMs: ABSENT,
  stalledMs: ABSENT,
  triedMs: ABSENT,
  presses: 0,
  refusal: '',
  refusalMs: ABSENT,
  evidenceMs: ABSENT,
  lastResortMs: ABSENT,
});

const START = createClimb();

/** The shortage is over. When a press was last made stays known to core/register, which spaces them. */
export const climbDown = (climb: Climb): void => {
  const isOnGround = climb.helplessMs === ABSENT && climb.stalledMs === ABSENT && climb.triedMs === ABSENT;
  if (!isOnGround || climb.evidenceMs !== ABSENT || climb.lastResortMs !== ABSENT) Object.assign(climb, START);
};

/** What a tick knows of it. */
export interface Footing {
  readonly level: number;
  /** A livelock that the death of a process can end. */
  readonly isLivelocked: boolean;
  /** Work stands still: a livelock of any kind, or all tasks wait for memory for a good part of the time. */
  readonly isStalled: boolean;
  /** The last choice found nobody, though killing could help. */
  readonly isNobody: boolean;
  /** Processes that the kernel did not let us signal. */
  readonly refused: number;
}

/**
 * One victim that cannot go is its own affair, and the next one is chosen; two in a row are none. One that went and returned
 * nothing is no reason: the kernel's signal would have done no more than ours.
 */
const FRUITLESS = 2;

const isFruitless = (victims: readonly Victim[]): boolean =>
  victims.length >= FRUITLESS && victims.every(({ verdict }) => verdict === 'stuck');

const helplessOf = (victims: readonly Victim[], footing: Footing): Helpless => {
  if (footing.isNobody) return footing.refused > 0 ? 'refused' : 'nobody';
  return isFruitless(victims) ? 'fruitless' : '';
};

/** Follows it from tick to tick of an episode. A livelock makes of the term level what the kill level is. */
export const followClimb = (climb: Climb, victims: readonly Victim[], footing: Footing, nowMs: number): void => {
  const isUrgent = footing.level >= LEVEL.KILL || (footing.level >= LEVEL.TERM && footing.isLivelocked);
  climb.helpless = isUrgent ? helplessOf(victims, footing) : '';
  if (climb.helpless === '') climb.helplessMs = ABSENT;
  else if (climb.helplessMs === ABSENT) climb.helplessMs = nowMs;
  if (!isUrgent || !footing.isStalled) climb.stalledMs = ABSENT;
  else if (climb.stalledMs === ABSENT) climb.stalledMs = nowMs;
};
