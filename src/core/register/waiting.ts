/** Whether the search has to wait for somebody who is dying: patches 5 and 6, asked entry by entry. */
import type { Dying } from '../dying.ts';
import { hasMemory, type Register } from './register.ts';

/**
 * The first entry that is worth the wait, or null. `counts`: whether it is to be waited for at all (patch 6); the timer
 * (patch 5) has been applied to `isIgnored`.
 */
export const waitedFor = (register: Register, minimumKiB: number, counts: (dying: Dying) => boolean): Dying | null => {
  for (const dying of register.dying) {
    if (dying.isIgnored || dying.life === 'reaped' || dying.life === 'gone') continue;
    if ((dying.isOrigin || hasMemory(dying, minimumKiB)) && counts(dying)) return dying;
  }
  return null;
};
