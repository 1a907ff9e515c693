/** How far up the ladder an episode has come: for a gauge, and for people. The rows that lead there are in act/ladder.ts. */
import type { Dying } from './dying.ts';
import { RUNGS, type Rung } from './ladder-event.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

const RUNG = Object.fromEntries(RUNGS.map((name, index) => [name, index])) as Readonly<Record<Rung, number>>;

const isReaping = (dying: Dying): boolean => dying.reap !== null;

/** Index into RUNGS of the highest that this episode has reached. */
export const highestRung = ({ climb, victims, register }: State): number => {
  if (climb.lastResortMs !== ABSENT) return RUNG.last_resort;
  if (climb.evidenceMs !== ABSENT) return RUNG.evidence;
  if (climb.presses > 0) return RUNG.sysrq_f;
  if (victims.length > 1) return RUNG.next_victim;
  const victim = victims[0];
  if (victim === undefined) return RUNG.none;
  if (victim.company.length > 0) return RUNG.company;
  if (victim.signal === 'TERM') return RUNG.term;
  return register.dying.some(isReaping) ? RUNG.reap : RUNG.kill;
};
