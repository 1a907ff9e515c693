/** What the loop knows about itself before its first turn. */
import { TICK_DURATION_MS, TICK_LATENESS_MS } from '../channel/tick-buckets.ts';
import type { Livelock } from '../core/livelock.ts';
import type { StallSummary } from '../core/stall-summary.ts';
import { ABSENT } from '../core/units.ts';
import { LEVEL } from '../core/verdict.ts';
import type { LoopNumbers } from './ports.ts';
import { createTickCounts } from './tick-counts.ts';

export const createLoopNumbers = (stall: StallSummary, livelock: Livelock): LoopNumbers => ({
  nowMs: 0,
  level: LEVEL.CALM,
  observing: true,
  headroomKiB: 0,
  exhaustionMs: ABSENT,
  ticks: 0,
  lateMs: 0,
  lateMaxMs: 0,
  durationMs: 0,
  lateness: createTickCounts(TICK_LATENESS_MS),
  durations: createTickCounts(TICK_DURATION_MS),
  stalls: false,
  rung: 0,
  stall,
  livelock,
});
