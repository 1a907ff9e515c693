/** A rescue, plain. */
import type { OomwatchdEvent } from '../../src/core/event.ts';

export const rescue = {
  kind: 'rescue',
  outcome: 'killed',
  pid: 1,
  comm: 'x',
  sizeKiB: 1,
  errno: 0,
  lateMs: 1,
  memAvailableKiB: 1,
} as const satisfies OomwatchdEvent;
