/**
 * Patch 5: a victim is waited for until a timer ends, not for ever. The patch has one global timer of 5*HZ that each new
 * victim starts anew; here every victim has its own, so that a new one does not prolong the wait for an old one. Nobody is
 * waited for either once its memory has been reaped, or once the kernel said that it cannot reap it (after 2 s of delay
 * and 10 tries 0.1 s apart, mm/oom_kill.c: no more will come).
 */
import { type Correction, patchLink } from './correction.ts';

export const timers: Correction = {
  patch: 5,
  id: 'timers',
  key: 'timers',
  title: 'mm,oom: Re-enable OOM killer using timers.',
  link: patchLink('201602171934.DGG57308.FOSFMQVLOtJFHO'),
  without: 'one victim that cannot die keeps all others alive',
};

/** How long a victim may take, ms: for ever where the policy switches the correction off. */
export const victimLimitMs = (victimTimeoutMs: number, on: boolean): number =>
  on ? victimTimeoutMs : Number.POSITIVE_INFINITY;
