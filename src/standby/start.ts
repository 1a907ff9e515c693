/** What control hands to the standby process when it starts it: three descriptors and one JSON text in the environment. */
import type { Policy } from '../core/policy.ts';

/** Descriptor of the shared page in the standby process. */
export const PAGE_FD = 3;
/** Its end of the socket over which candidates come; closed by control's end. */
export const SOCKET_FD = 4;

/**
 * The timer that control sets anew in each turn, to the moment at which its absence would have lasted half of what standby
 * waits: while control turns it never goes off, and nobody is woken.
 */
export const TIMER_FD = 5;

/** Name of the environment variable that holds the JSON of a StandbyStart. */
export const STANDBY_ENV = 'OOMWATCHD_STANDBY';

/** All that decides, without the rules: who may be chosen is control's to say. */
export type StandbyStart = Pick<Policy, 'mode' | 'detect' | 'pace' | 'act' | 'control'> & {
  readonly minimumSize: Policy['select']['minimumSize'];
};

/** From the moment at which a turn of control is due until standby looks: half of its bound is left then. */
export const lookAfterMs = ({ afterMs }: Policy['control']['standby']): number => Math.ceil(afterMs / 2);

export const startOf = ({ mode, detect, pace, act, control, select }: Policy): StandbyStart => ({
  mode,
  detect,
  pace,
  act,
  control,
  minimumSize: select.minimumSize,
});
