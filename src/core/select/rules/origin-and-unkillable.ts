/**
 * Patch 4: nor is it chosen when its oom_score_adj is -1000. Never merged: the kernel kills a swapoff at -1000 up to 7.2
 * (kernel-facts 1.4).
 */
import { OPINION, patchLink, type RowCorrection, SITUATION } from './correction.ts';

const BOTH = SITUATION.ORIGIN | SITUATION.UNKILLABLE;

export const originAndUnkillable: RowCorrection = {
  patch: 4,
  id: 'origin_and_unkillable',
  key: 'originAndUnkillable',
  title: 'mm,oom: exclude oom_task_origin processes if they are OOM-unkillable.',
  link: patchLink('201602171933.HFD51078.LOSFVMFQFOJHOt'),
  without: 'a swapoff at oom_score_adj -1000 is killed',
  effect: 'in swapoff or KSM unmerge, but its oom_score_adj is -1000: passed over',
  judge: (situation, on) => ((situation & BOTH) === BOTH && on ? OPINION.UNKILLABLE : OPINION.NONE),
};
