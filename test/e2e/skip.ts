/** A test that cannot run here says why, also where the reporter of the run shows only failures. */
import type { TestContext } from 'vitest';

const told = new Set<string>();

/** Skips the test when there is a reason; '' is none. */
export const skipBecause = (context: TestContext, why: string): void => {
  if (why === '') return;
  const line = `  skipped: ${context.task.name}: ${why}\n`;
  if (!told.has(line)) process.stdout.write(line);
  told.add(line);
  context.skip(why);
};
