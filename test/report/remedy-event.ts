/** One event of a remedy, as control makes it. */
import type { OomwatchdEvent } from '../../src/core/event.ts';

export const remedy = {
  kind: 'remedy',
  stage: 'after',
  remedy: 'thaw_freezer_v1',
  object: '/docker/a',
  place: '',
  pid: 4711,
  comm: 'java',
  oldValue: 'FROZEN',
  newValue: 'THAWED',
  result: 'done',
  errno: 0,
  effect: null,
  afterMs: 40,
  detail: '/docker/a',
} as const satisfies OomwatchdEvent;
