import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/bench/**/*.bench.test.ts'],
    fileParallelism: false,
    reporters: reporters('bench'),
    testTimeout: 300_000,
    // What a benchmark prints is its result.
    disableConsoleIntercept: true,
  },
});
