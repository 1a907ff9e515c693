// `npm run test:vm -- CASE`: every case is a file of cases/, CASE filters by its name. One guest at a time: two would
// share the cores and each other's time-outs.
import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['cases/*.test.ts'],
    fileParallelism: false,
    reporters: reporters('vm'),
    // Three tries of the longest case, each after waiting for a calm machine.
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
