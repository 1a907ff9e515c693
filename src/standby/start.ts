/** What control hands to the standby process when it starts it: two descriptors and one JSON text in the environment. */
import type { Policy } from '../core/policy.ts';

/** Descriptor of the shared page in the standby process. */
export const PAGE_FD = 3;
/** Its end of the socket over which candidates come; closed by control's end. */
export const SOCKET_FD = 4;

/** Name of the environment variable that holds the JSON of a StandbyStart. */
export const STANDBY_ENV = 'OOMWATCHD_STANDBY';

/** All that decides, without the rules: who may be chosen is control's to say. */
export type StandbyStart = Pick<Policy, 'mode' | 'detect' | 'act' | 'control'> & {
  readonly minimumSize: Policy['select']['minimumSize'];
};

export const startOf = ({ mode, detect, act, control, select }: Policy): StandbyStart => ({
  mode,
  detect,
  act,
  control,
  minimumSize: select.minimumSize,
});
