/** Skipping aloud: a test that this machine does not permit says why, on the terminal and in the report. */
import type { TestContext } from 'vitest';

/** Skips the running test with `reason` unless `possible`. */
export const needs = (context: TestContext, possible: boolean, reason: string): void => {
  if (possible) return;
  process.stderr.write(`not run: ${context.task.name}: ${reason}\n`);
  context.skip(reason);
};
