/**
 * Patch 3: a task in swapoff(2) or in a KSM unmerge is the first choice, as it is what eats the memory, but not once it is
 * a victim. Never merged: under SysRq-f a swapoff that cannot die is chosen for ever, also on 7.2 (kernel-facts 1.3).
 */
import { OPINION, patchLink, type RowCorrection, SITUATION } from './correction.ts';

const BOTH = SITUATION.ORIGIN | SITUATION.VICTIM;

export const originAndVictim: RowCorrection = {
  patch: 3,
  id: 'origin_and_victim',
  key: 'originAndVictim',
  title: 'mm,oom: exclude oom_task_origin processes if they are OOM victims.',
  link: patchLink('201602171932.IDB09391.FSOOtHJLQVFMFO'),
  without: 'a swapoff that cannot die is selected before all others, for ever',
  effect: 'in swapoff or KSM unmerge, but being killed already: passed over',
  judge: (situation, on) => {
    if ((situation & BOTH) !== BOTH) return OPINION.NONE;
    return on ? OPINION.VICTIM : OPINION.FIRST;
  },
};
