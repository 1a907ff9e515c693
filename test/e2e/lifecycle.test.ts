/** Start, reload and end as the service manager sees them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../report/pipe.ts';
import { programPath } from './child.ts';
import { cleanUp, type Daemon, isAlive, ready, skipUnlessEnforcing, startDaemon, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';

afterEach(cleanUp);

const calmConfig = (mode: 'observe' | 'enforce' = 'observe'): string =>
  writeConfig({ mode, level: 'none', only: [join(folder(), 'nobody')] });

const reload = (daemon: Daemon): void => void process.kill(daemon.pid, 'SIGHUP');

describe('start', () => {
  test('tells readiness once, with its mode, and feeds the watchdog from completed ticks', async () => {
    const daemon = await ready(startDaemon(calmConfig(), { env: { WATCHDOG_USEC: '2000000' } }));
    const fed = (): number => daemon.notify.messages().filter((message) => message === 'WATCHDOG=1').length;
    await until(() => fed() >= 3);
    const isReady = daemon.notify.messages().filter((message) => message.startsWith('READY=1'));
    expect(isReady).toHaveLength(1);
    expect(isReady[0]).toMatch(/^READY=1\nSTATUS=observing, configuration [0-9a-f]{12}/);
    // Four times a period, whatever the ticks do in between.
    expect(fed()).toBeLessThanOrEqual((await daemon.metric('oomwatchd_ticks_total')) + 1);
  });

  test('rehearses the whole kill path and says that it passed', async () => {
    const daemon = await ready(startDaemon(calmConfig()));
    expect(await daemon.line('rehearsed')).toMatchObject({ ok: true });
    expect((await daemon.line('rehearsed')).msg).toMatch(
      /^rehearsal of a kill passed in \d+ ms: child ended by SIGKILL$/,
    );
  });

  test('serves metrics, health and readiness', async () => {
    const daemon = await ready(startDaemon(calmConfig()));
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    expect(await daemon.http('/healthz')).toMatchObject({ status: 200 });
    expect(await daemon.http('/readyz')).toMatchObject({ status: 200 });
    expect(await daemon.http('/nothing')).toMatchObject({ status: 404 });
  });

  test('a broken configuration ends it with 78 and every error', async () => {
    const file = join(folder(), 'broken.yaml');
    writeFileSync(file, 'mode: kill\ndetect: { late: 5 }\nselect:\n  protect:\n    - { comm: sshd }\nnonsense: 1\n');
    const daemon = startDaemon(file);
    expect(await daemon.ended).toBe(78);
    expect(daemon.notify.messages()).toEqual([]);
  });
});

describe('reload', () => {
  beforeEach(skipUnlessEnforcing);

  test('takes a valid configuration over: log, metrics and status say so', async () => {
    const daemon = await ready(startDaemon(calmConfig('observe')));
    await daemon.metric('oomwatchd_mode{mode="observe"}', (value) => value === 1);
    calmConfig('enforce');
    reload(daemon);
    expect(await daemon.line('policy_loaded')).toMatchObject({
      level: 'info',
      mode: 'enforce',
      files: [daemon.configFile],
    });
    expect(await daemon.metric('oomwatchd_config_reloads_total{result="success"}', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_mode{mode="enforce"}', (value) => value === 1)).toBe(1);
    expect(await daemon.metric('oomwatchd_config_last_reload_successful')).toBe(1);
    const messages = daemon.notify.messages().filter((message) => message !== 'WATCHDOG=1');
    expect(messages[1]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    expect(messages[2]).toMatch(/^READY=1\nSTATUS=enforcing, configuration [0-9a-f]{12}/);
  });

  test('RELOADING carries CLOCK_MONOTONIC, which systemd compares with its own', async () => {
    const daemon = await ready(startDaemon(calmConfig()));
    const beforeUs = Number(process.hrtime.bigint() / 1000n);
    reload(daemon);
    const message = await until(() => daemon.notify.messages().find((text) => text.startsWith('RELOADING=1')));
    const toldUs = Number(/MONOTONIC_USEC=(\d+)/.exec(message)?.[1]);
    expect(toldUs).toBeGreaterThanOrEqual(beforeUs);
    expect(toldUs).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1000n));
  });

  test('keeps the old policy when the new one is broken, and recovers with the next good one', async () => {
    const daemon = await ready(startDaemon(calmConfig('enforce')));
    const first = await daemon.line('started');
    writeFileSync(
      daemon.configFile,
      'mode: enforce\ndetect: { term: { mem_available: 10 } }\nact: { hold_off: "1s" \n',
    );
    reload(daemon);
    const rejected = await daemon.line('policy_rejected');
    expect(rejected.level).toBe('error');
    expect(rejected.msg).toContain(`${daemon.configFile}:`);
    expect(await daemon.metric('oomwatchd_config_reloads_total{result="failure"}', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_config_last_reload_successful')).toBe(0);
    expect(await daemon.metric('oomwatchd_mode{mode="enforce"}')).toBe(1);
    expect(await daemon.metric(`oomwatchd_config_info{hash="${first['config_hash']}"}`)).toBe(1);
    expect(daemon.notify.messages().at(-1)).toContain(
      `READY=1\nSTATUS=enforcing, configuration ${first['config_hash']}`,
    );

    calmConfig('observe');
    reload(daemon);
    await daemon.line('policy_loaded');
    expect(await daemon.metric('oomwatchd_config_last_reload_successful', (value) => value === 1)).toBe(1);
    expect(daemon.lines('policy_rejected')).toHaveLength(1);
  });

  test('a changed report section restarts the reporter; control and its counters go on', async () => {
    const daemon = await ready(startDaemon(calmConfig()));
    const before = await until(() => daemon.reporterPid() > 0 && daemon.reporterPid());
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 1);
    writeConfig({ mode: 'observe', level: 'none', only: [programPath('nobody')], logLevel: 'debug' });
    reload(daemon);
    const after = await until(() => {
      const pid = daemon.reporterPid();
      return pid > 0 && pid !== before && pid;
    }, 20_000);
    expect(isAlive(before)).toBe(false);
    expect(isAlive(after)).toBe(true);
    expect(await daemon.metric('oomwatchd_reporter_restarts_total', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_mode{mode="observe"}', (value) => value === 1)).toBe(1);
  });
});

describe('end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it within seconds, with nothing left behind', async (signal) => {
    const daemon = await ready(startDaemon(calmConfig()));
    const reporter = await until(() => daemon.reporterPid() > 0 && daemon.reporterPid());
    const begun = performance.now();
    process.kill(daemon.pid, signal);
    expect(await daemon.ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(isAlive(reporter)).toBe(false);
    expect(daemon.lines().at(-1)).toMatchObject({ event: 'stopping', signal });
    expect(daemon.notify.messages().at(-1)).toBe('STOPPING=1');
  });

  test('a killed control takes its reporter along: the pipe ends', async () => {
    const daemon = await ready(startDaemon(calmConfig()));
    const reporter = await until(() => daemon.reporterPid() > 0 && daemon.reporterPid());
    process.kill(daemon.pid, 'SIGKILL');
    expect(await daemon.ended).toBe('SIGKILL');
    await until(() => !isAlive(reporter));
  });
});
