import { defineConfig } from 'vitest/config';
import { reporters } from './support/reporters.ts';

/** Neither I/O that could be measured nor module state: these files share what they load, and every CPU. */
const PURE = ['core', 'channel', 'config', 'linux/proc'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Real processes, sockets and browsers, but nothing is measured and nobody is killed: they may run beside each other. */
const BESIDE = ['report', 'monitoring'].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    testTimeout: 30_000,
    reporters: reporters('main'),
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: PURE,
          pool: 'threads',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'beside',
          include: BESIDE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'host',
          include: ['test/**/*.test.ts'],
          // The guest suite and the benchmarks have configurations of their own: they need QEMU and peers.
          exclude: [...PURE, ...BESIDE, 'test/vm/**', 'test/bench/**'],
          // Real processes and budgets are measured: two files at once would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
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
