/** The report process stops, or dies, while control goes on: what control counted and kept meanwhile arrives whole. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { until } from '../report/pipe.ts';
import { cleanUp, type Daemon, ready, startDaemon, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';

afterEach(cleanUp);

const PACE = 'pace: { max: "200ms" }\n';

/** Each tick is counted as late, as lasting, and as a tick: in one frame all three are the same. */
const expectWhole = async (daemon: Daemon, moreThan: number): Promise<number> => {
  await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > moreThan);
  const { body } = await daemon.http('/metrics');
  const values = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1] ?? 'not there';
  const ticks = values('oomwatchd_ticks_total');
  expect(values('oomwatchd_tick_seconds_count')).toBe(ticks);
  expect(values('oomwatchd_tick_lateness_seconds_count')).toBe(ticks);
  expect(values('oomwatchd_tick_seconds_bucket\\{le="\\+Inf"\\}')).toBe(ticks);
  expect(values('oomwatchd_channel_skipped_bytes_total')).toBe('0');
  expect(values('oomwatchd_channel_bad_frames_total')).toBe('0');
  expect(values('oomwatchd_report_faults_total')).toBe('0');
  return Number(ticks);
};

test('ticks that nobody saw are in the histograms, and backlog is understood by who reads it next', async () => {
  const nobody = join(folder(), 'nobody');
  const config = writeConfig({ mode: 'observe', level: 'none', only: [nobody], act: PACE });
  const daemon = await ready(startDaemon(config));
  const before = await expectWhole(daemon, 5);
  const stopped = daemon.reporterPid();
  process.kill(stopped, 'SIGSTOP');
  await sleep(4000);
  process.kill(stopped, 'SIGCONT');
  const after = await expectWhole(daemon, before + 5);
  process.kill(stopped, 'SIGKILL');
  await until(() => daemon.reporterPid() > 0 && daemon.reporterPid() !== stopped, 20_000);
  await daemon.metric('oomwatchd_reporter_restarts_total', (restarts) => restarts === 1);
  await expectWhole(daemon, after + 5);
}, 60_000);
