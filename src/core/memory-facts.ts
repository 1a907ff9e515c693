/** A sample's memory as plain facts for events. */
import type { MemoryFacts } from './event.ts';
import type { Sample } from './sample.ts';

export const memoryFacts = (sample: Sample): MemoryFacts => ({
  memTotalKiB: sample.memTotalKiB,
  memAvailableKiB: sample.memAvailableKiB,
  memFreeKiB: sample.memFreeKiB,
  swapTotalKiB: sample.swapTotalKiB,
  swapFreeKiB: sample.swapFreeKiB,
});
