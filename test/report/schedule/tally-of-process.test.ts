/** The figures of the summary of the built report process: killed and started again, and on a disk that is full. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReportPolicy } from '../../../src/core/policy.ts';
import { skipBecause } from '../../e2e/skip.ts';
import { signal, stamped } from '../events.ts';
import { eventFrame } from '../frames.ts';
import { until } from '../pipe.ts';
import { cleanUp, exitOf, newPipe, START_MS, send, startReporter, TEST_MS } from '../reporter.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'oomwatchd-figures-'));
});
afterEach(() => {
  cleanUp();
  rmSync(directory, { recursive: true, force: true });
});

/** A summary each second. */
const policy = (): Partial<ReportPolicy> => ({
  incidents: { directory, keep: 100, maxBytes: 2 ** 26 },
  notices: { commands: [], webhooks: [], owners: [], wall: 'off', atOnce: 1, queue: 1 },
  schedules: { summary: '* * * * * *', prune: '', drill: '', selfCheck: '' },
});

const kill = (): Buffer => eventFrame({ ...stamped(signal), timeMs: Date.now() });

test('a reporter that takes the place of one that was killed counts on', { timeout: TEST_MS }, async () => {
  const pipe = newPipe();
  const first = startReporter(pipe, policy());
  send(pipe, kill());
  await until(() => existsSync(join(directory, 'summary.tally')), START_MS);
  for (let times = 0; times < 3; times++) send(pipe, kill());
  await until(() => first.lines().some((line) => 'figures' in line && Object(line.figures).kills === 4), START_MS);
  // Less than a minute after the first.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  first.child.kill('SIGKILL');
  await exitOf(first);
  // Told while nobody reads.
  send(pipe, kill());
  const second = startReporter(pipe, policy());
  await until(() => second.lines().some((line) => 'figures' in line && Object(line.figures).kills === 5), START_MS);
  second.child.kill('SIGTERM');
  expect(await exitOf(second)).toEqual([0, null]);
});

/** A file system of 64 KiB of its own, full but for what it needs for names. */
const FULL = (folder: string): string =>
  `exec unshare -m sh -c 'mount -t tmpfs -o size=64k none "$2" && ! head -c 1M /dev/zero >"$2/filler" 2>/dev/null && exec "$0" "$1"' "$0" "$1" '${folder}'`;

test('a full disk is told once, and costs the figures of later reporters alone', {
  timeout: TEST_MS,
}, async (context) => {
  const { status } = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']);
  skipBecause(context, status === 0 ? '' : 'no mount namespace of its own');
  mkdirSync(directory, { recursive: true });
  const pipe = newPipe();
  const reporter = startReporter(pipe, policy(), 'pipe', {}, FULL(directory));
  for (let times = 0; times < 3; times++) send(pipe, kill());
  await until(() => reporter.lines().some((line) => 'figures' in line && Object(line.figures).kills === 3), START_MS);
  await reporter.line('report_incidents_unwritable');
  reporter.child.kill('SIGTERM');
  expect(await exitOf(reporter)).toEqual([0, null]);
  const told = reporter.lines().filter(({ event }) => event === 'report_incidents_unwritable');
  expect(told).toMatchObject([{ error: expect.stringContaining('ENOSPC') }]);
});
