import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/bench/**/*.bench.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    // What a benchmark prints is its result.
    disableConsoleIntercept: true,
  },
});
