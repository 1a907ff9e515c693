/**
 * Patch 2: a process in exit does not end the search. In 4.5 any thread with PF_EXITING and an mm made every OOM scan
 * return "somebody is dying, wait", without limit and without a message, though it may be waiting for the very lock that
 * the allocating thread holds. Here such a process is passed over, counted, watched, and waited for as long as any victim
 * (patch 5), no longer.
 */
import { OPINION, patchLink, type RowCorrection, SITUATION } from './correction.ts';

export const exitingDoesNotAbort: RowCorrection = {
  patch: 2,
  id: 'exiting_does_not_abort',
  key: 'exitingDoesNotAbort',
  title: "mm,oom: don't abort on exiting processes when selecting a victim.",
  link: patchLink('201602171930.AII18204.FMOSVFQFOJtLOH'),
  without: 'a process that cannot finish its exit stops all selection',
  effect: 'passed over: it is exiting and is watched',
  judge: (situation, on) => {
    if ((situation & SITUATION.EXITING) === 0) return OPINION.NONE;
    return on ? OPINION.EXITING : OPINION.ABORT;
  },
};
