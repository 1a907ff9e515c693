import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { defaultPolicy } from '../support/policy.ts';
import { earlyoomScanCpuMs } from './earlyoom.ts';
import { median, ownScanScript } from './own-scan.ts';
import { type Sleepers, startSleepers } from './sleepers.ts';

const PAIRS = 3;
const run = promisify(execFile);

let sleepers: Sleepers | null = null;
afterEach(async () => {
  await sleepers?.stop();
  sleepers = null;
});

const ownScan = async (): Promise<{ cold: number; scans: number[]; known: number }> => {
  const script = ownScanScript(defaultPolicy(), 20);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout) as { cold: number; scans: number[]; known: number };
};

test.each([1000, 5000])('a scan of %i sleeping processes costs no more CPU than one of earlyoom', async (count) => {
  sleepers = await startSleepers(count);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const theirs = await earlyoomScanCpuMs(3);
    const { cold, scans, known } = await ownScan();
    const ours = median(scans);
    ratios.push(ours / theirs);
    console.info(
      `${count} sleepers, ${known} known: earlyoom ${theirs.toFixed(2)} ms, oomwatchd ${ours.toFixed(2)} ms ` +
        `(ratio ${(ours / theirs).toFixed(2)}); first round with all opens ${cold.toFixed(1)} ms`,
    );
  }
  console.info(`${count} sleepers: median ratio ${median(ratios).toFixed(2)}`);
  expect(median(ratios)).toBeLessThanOrEqual(1);
});
