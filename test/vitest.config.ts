import { defineConfig } from 'vitest/config';
import { reporters } from './support/reporters.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // The guest suite and the benchmarks have configurations of their own: they need QEMU and peers.
    exclude: ['test/vm/**', 'test/bench/**'],
    // Real processes and budgets are measured: two files at once would measure each other.
    fileParallelism: false,
    testTimeout: 30_000,
    reporters: reporters('main'),
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      // Whom it kills and when is decided there: every branch has been tried.
      thresholds: {
        'src/core/{act,cgroup,detect,kernel-model,livelock,register,remedies,select,stall,verify}/**': {
          branches: 100,
          functions: 100,
          lines: 100,
        },
      },
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
