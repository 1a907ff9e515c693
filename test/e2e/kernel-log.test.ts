/** The kill line in the kernel log: what netconsole, pstore and a serial console have when no disk works. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../report/pipe.ts';
import { startChild } from './child.ts';
import { cleanUp, skipUnlessEnforcing, startEnforcing, writeConfig } from './daemon.ts';
import { skipBecause } from './skip.ts';

beforeEach(skipUnlessEnforcing);
afterEach(cleanUp);

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Opens the kernel log behind its last record; undefined where it cannot be read and written. */
const openKmsg = (): number | undefined => {
  try {
    closeSync(openSync('/dev/kmsg', constants.O_WRONLY));
    return openSync('/dev/kmsg', FLAGS);
  } catch {
    // No such device, or not for this user.
    return undefined;
  }
};

const nextRecord = (fd: number, buffer: Buffer): string | undefined => {
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch (error) {
    // EPIPE: records were overwritten before they were read; the next read goes on behind them.
    return error instanceof Error && 'code' in error && error.code === 'EPIPE' ? '' : undefined;
  }
};

test('a kill is one record, complete as soon as it happened', async (context) => {
  const fd = openKmsg();
  if (fd === undefined) {
    skipBecause(context, '/dev/kmsg cannot be read and written here');
    return;
  }
  try {
    const hog = await startChild({ program: 'hog', mib: 48, comm: 'evil) x\ny' });
    const config = writeConfig({
      mode: 'enforce',
      level: 'kill',
      only: [hog.exe],
      act: 'act: { kills_per_minute: 1 }\n',
    });
    const daemon = await startEnforcing(config, [hog.pid]);
    expect(await hog.ended()).toBe('SIGKILL');
    const [victim] = [(await daemon.line('signal'))['victim'] as { rss_kib: number }];
    const buffer = Buffer.alloc(8192);
    // A record without a newline at its end would be held back until somebody else writes one.
    const record = await until(() => {
      for (let text = nextRecord(fd, buffer); text !== undefined; text = nextRecord(fd, buffer)) {
        if (text.includes(`process ${hog.pid} `)) return text;
      }
      return undefined;
    });
    // Priority 28: LOG_DAEMON | LOG_WARNING.
    expect(record).toMatch(/^28,/);
    expect(record.slice(record.indexOf(';') + 1)).toMatch(
      new RegExp(
        `^oomwatchd: sent SIGKILL to process ${hog.pid} \\(evil\\) x\\?y\\) uid:\\d+ rss:${victim.rss_kib}kB swap:0kB ` +
          'oom_score_adj:0 reason:mem_available mem_available:\\d+kB swap_free:\\d+kB\\n$',
      ),
    );
  } finally {
    closeSync(fd);
  }
});
