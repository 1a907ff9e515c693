/** "Condition held for N ms" is one timestamp: set on the first hit, cleared on the first miss (oomd, systemd-oomd). */
import { ABSENT } from './units.ts';

export interface Hold {
  sinceMs: number;
}

export const createHold = (): Hold => ({ sinceMs: ABSENT });

/** Whether `condition` has held without a break for `forMs`. */
export const heldFor = (hold: Hold, condition: boolean, forMs: number, nowMs: number): boolean => {
  if (!condition) {
    hold.sinceMs = ABSENT;
    return false;
  }
  if (hold.sinceMs === ABSENT) hold.sinceMs = nowMs;
  return nowMs - hold.sinceMs >= forMs;
};
