// `npm run bench:peers`: measures, on a calm machine, for the table in the documentation. Not part of any suite.
import { defineConfig } from 'vitest/config';
import { reporters } from '../../support/reporters.ts';

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['*.test.ts'],
    fileParallelism: false,
    reporters: reporters('peers'),
    testTimeout: 3_600_000,
    hookTimeout: 300_000,
  },
});
