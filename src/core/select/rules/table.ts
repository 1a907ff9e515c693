/** The six corrections in the order in which they are asked: those of a process, then those of the wait for victims. */

import type { Corrections } from '../../policy.ts';
import { FLAG, type ProcessTable } from '../../process-table.ts';
import { ABSENT } from '../../units.ts';
import { OOM_SCORE_ADJ_MIN } from '../badness.ts';
import { type Correction, OPINION, type RowCorrection, SITUATION } from './correction.ts';
import { excludeVictims } from './exclude-victims.ts';
import { exitingDoesNotAbort } from './exiting-does-not-abort.ts';
import { originAndUnkillable } from './origin-and-unkillable.ts';
import { originAndVictim } from './origin-and-victim.ts';
import { timers } from './timers.ts';
import { waitAllocatingTask } from './wait-allocating-task.ts';

/** The origin is asked about before the victim, as in oom_scan_process_thread() of 4.5. */
export const ROW_CORRECTIONS: readonly RowCorrection[] = [
  originAndUnkillable,
  originAndVictim,
  excludeVictims,
  exitingDoesNotAbort,
];

export const CORRECTIONS: readonly Correction[] = [...ROW_CORRECTIONS, timers, waitAllocatingTask];

/** Bits of SITUATION of a row. `isVictim`: in our register, or signalled by us. */
export const situationOf = (table: ProcessTable, slot: number, isVictim: boolean): number => {
  const flags = table.flags[slot] as number;
  let situation = 0;
  if (isVictim || (flags & FLAG.SIGKILL_PENDING) !== 0) situation |= SITUATION.VICTIM;
  if ((flags & FLAG.ORIGIN) !== 0) situation |= SITUATION.ORIGIN;
  if ((flags & FLAG.EXITING) !== 0) situation |= SITUATION.EXITING;
  if (table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN) situation |= SITUATION.UNKILLABLE;
  return situation;
};

/** Index into ROW_CORRECTIONS of the one that speaks first; ABSENT when none has anything to say. */
export const speakerOf = (situation: number, corrections: Corrections): number => {
  for (let at = 0; situation !== 0 && at < ROW_CORRECTIONS.length; at++) {
    const { judge, key } = ROW_CORRECTIONS[at] as RowCorrection;
    if (judge(situation, corrections[key]) !== OPINION.NONE) return at;
  }
  return ABSENT;
};

/** The opinion that counts. An origin that no correction excludes is the first choice in every kernel (4.5 to 7.2). */
export const opinionOf = (situation: number, corrections: Corrections): number => {
  const at = speakerOf(situation, corrections);
  if (at !== ABSENT) {
    const { judge, key } = ROW_CORRECTIONS[at] as RowCorrection;
    return judge(situation, corrections[key]);
  }
  return (situation & SITUATION.ORIGIN) === 0 ? OPINION.NONE : OPINION.FIRST;
};
