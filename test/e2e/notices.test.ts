/** Notices, schedules and the drill of the built daemon, with a hostile reporter where that is the question. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../report/pipe.ts';
import { startChild } from './child.ts';
import {
  cleanUp,
  type Daemon,
  ready,
  skipUnlessEnforcing,
  startDaemon,
  startEnforcing,
  writeConfig,
} from './daemon.ts';
import { folder } from './folder.ts';

afterEach(cleanUp);

const observing = async (): Promise<Daemon> => {
  const sleeper = await startChild({ program: 'sleeper' });
  return ready(startDaemon(writeConfig({ mode: 'observe', level: 'none', only: [sleeper.exe] })));
};

/** The end of the request pipe that the reporter has: what a reporter that was taken over can write to. */
const requestPipe = (daemon: Daemon): Promise<number> =>
  until(() => {
    const pid = daemon.reporterPid();
    return pid > 0 && openSync(`/proc/${pid}/fd/4`, constants.O_WRONLY | constants.O_NONBLOCK);
  });

describe('a drill', () => {
  test('is made when the reporter asks, once however it floods, and the loop turns on time meanwhile', async () => {
    const daemon = await observing();
    const ticks = await daemon.metric('oomwatchd_ticks_total', (n) => n > 1);
    const fd = await requestPipe(daemon);
    let isFull = false;
    const flood = setInterval(() => {
      try {
        for (let times = 0; times < 100; times++) writeSync(fd, Buffer.alloc(4096, 0x7b));
      } catch {
        isFull = true;
      }
    }, 5);
    try {
      expect(await daemon.line('drilled')).toMatchObject({
        ...{ level: 'info', outcome: 'passed', detail: 'child ended by SIGKILL' },
        msg: expect.stringMatching(/^drill of a kill passed in \d/),
      });
      // The rehearsal at start was the first.
      expect(await daemon.metric('oomwatchd_drills_total{result="passed"}', (n) => n > 1)).toBe(2);
      expect(await daemon.metric('oomwatchd_ticks_total', (n) => n > ticks + 1)).toBeGreaterThan(ticks);
      await until(() => isFull);
    } finally {
      clearInterval(flood);
      closeSync(fd);
    }
    expect(daemon.lines('drilled')).toHaveLength(1);
    // Nothing of the drill is taken for a victim of a shortage.
    expect(daemon.lines('signal')).toEqual([]);
  });
});

describe('a kill', () => {
  test('is told to the command of the configuration afterwards, with its owner', async (context) => {
    skipUnlessEnforcing(context);
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({
      mode: 'enforce',
      level: 'kill',
      only: [hog.exe],
      act: 'act: { kills_per_minute: 1 }\n',
    });
    const program = join(folder(), 'page');
    const told = join(folder(), 'told');
    writeFileSync(program, `#!/bin/sh\n[ -e /proc/${hog.pid}/exe ] && echo alive >>${told}\ncat >>${told}\n`);
    chmodSync(program, 0o755);
    appendFileSync(config, `  notices: { commands: [{ name: page, run: [${program}], on: [signal] }] }\n`);
    const daemon = await ready(await startEnforcing(config, [hog.pid]));
    expect(await hog.ended()).toBe('SIGKILL');
    await until(() => existsSync(told) && readFileSync(told, 'utf8').endsWith('}\n'));
    const document = JSON.parse(readFileSync(told, 'utf8').replace(/^alive\n/, ''));
    expect(document).toMatchObject({ version: 1, kind: 'signal', mode: 'enforce', owner: { pid: hog.pid } });
    expect(await daemon.line('report_notice')).toMatchObject({ result: 'ok', to: 'command', name: 'page' });
    expect(await daemon.metric('oomwatchd_notices_total{kind="command",result="ok"}', (n) => n > 0)).toBe(1);
  });
});
