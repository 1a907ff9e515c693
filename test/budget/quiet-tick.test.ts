/** Budgets of a quiet tick that do not depend on the clock. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { defaultPolicy } from '../support/policy.ts';
import { quietTickScript } from './quiet-tick.ts';

const run = promisify(execFile);

test('a quiet tick allocates less than 1 KiB', async () => {
  // A young generation that is not collected meanwhile, so that every byte is counted.
  const flags = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64', '--input-type=module', '-e'];
  const { stdout } = await run(process.execPath, [...flags, quietTickScript(defaultPolicy(), 2000)]);
  const measured = JSON.parse(stdout) as { bytes: number; events: string[]; level: number };
  console.info(`a quiet tick allocates ${measured.bytes.toFixed(0)} bytes`);
  expect(measured.bytes).toBeLessThan(1024);
  expect(measured.bytes).toBeGreaterThan(0);
});
