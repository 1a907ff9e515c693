/**
 * Patch 1: a victim is never selected again. The kernel of 4.5 ignored TIF_MEMDIE under SysRq-f, so that the same stuck
 * process, still the largest, was chosen for ever. It still does so for up to 3 s after a kill (kernel-facts 1.1): a
 * forced selection of ours goes by pid and through this rule, and SysRq-f is pressed again no sooner than after 4 s.
 */
import { OPINION, patchLink, type RowCorrection, SITUATION } from './correction.ts';

export const excludeVictims: RowCorrection = {
  patch: 1,
  id: 'exclude_victims',
  key: 'excludeVictims',
  title: 'mm,oom: exclude TIF_MEMDIE processes from candidates.',
  link: patchLink('201602171929.IFG12927.OVFJOQHOSMtFFL'),
  without: 'a victim that cannot die is selected again and again',
  effect: 'passed over: it is being killed already',
  judge: (situation, on) => ((situation & SITUATION.VICTIM) !== 0 && on ? OPINION.VICTIM : OPINION.NONE),
};
