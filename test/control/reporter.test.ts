/** The supervision of the report process, with real child processes: tiny scripts that note what they got, and end. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReportStart } from '../../src/channel/report-start.ts';
import { type Reporter, superviseReporter } from '../../src/control/reporter.ts';
import { defaultPolicy } from '../support/policy.ts';

const START: ReportStart = {
  version: '1.2.3',
  mode: 'observe',
  paceMaxMs: 1000,
  policy: { ...defaultPolicy().report, uid: -1, gid: -1 },
};

/** Appends its start, and the first bytes of the pipe, to `notes`. */
const NOTES = `
import { appendFileSync, readSync } from 'node:fs';
const note = (text) => appendFileSync(new URL('notes', import.meta.url), text + '\\n');
const known = ['PATH', 'TZ', 'LANG', 'TERM', 'NO_COLOR', 'OOMWATCHD_REPORT'];
const others = Object.keys(process.env).filter((name) => !known.includes(name));
note([JSON.parse(process.env.OOMWATCHD_REPORT).version, ...others].join(' '));
`;
const EXITS = `${NOTES}process.exit(3);`;
const STAYS = `${NOTES}setInterval(() => {}, 1000);`;
const IGNORES = `${NOTES}process.on('SIGTERM', () => note('SIGTERM')); setInterval(() => {}, 1000);`;
const READS = `${NOTES}const bytes = Buffer.alloc(100); note('read ' + bytes.toString('utf8', 0, readSync(3, bytes)));`;

let folder = '';
let readFd = -1;
let reporter: Reporter | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-reporter-'));
  writeFileSync(join(folder, 'pipe'), 'hello');
  writeFileSync(join(folder, 'notes'), '');
  readFd = openSync(join(folder, 'pipe'), 'r');
});
afterEach(async () => {
  await reporter?.stop(0);
  reporter = null;
  closeSync(readFd);
  rmSync(folder, { recursive: true, force: true });
});

const supervise = (text: string, start = START) => {
  const script = join(folder, 'report.mjs');
  writeFileSync(script, text);
  const told: string[] = [];
  const world = { isCalm: true, restarts: 0 };
  const startedMs = performance.now();
  const times: number[] = [];
  reporter = superviseReporter({
    script,
    readFd,
    start,
    isCalm: () => world.isCalm,
    publish: (event) => {
      if (event.kind !== 'reporter') return;
      told.push(`${event.state}: ${event.detail.replace(/\d{2,}/, 'N')}`);
      if (event.state === 'started') times.push(performance.now() - startedMs);
    },
    restarted: () => {
      world.restarts++;
    },
  });
  const notes = (): string[] => readFileSync(join(folder, 'notes'), 'utf8').split('\n').filter(Boolean);
  return { told, times, world, notes, reporter };
};

const until = (condition: () => boolean, timeout = 8000): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet');
    },
    { timeout, interval: 20 },
  );

describe('the report process', () => {
  it('is started at once, with its settings and the pipe, and with nothing else of the environment', async () => {
    process.env['NOTIFY_SOCKET'] = '/run/systemd/notify';
    try {
      const { told, notes } = supervise(READS);
      await until(() => notes().length === 2);
      expect(told[0]).toBe('started: pid N');
      expect(notes()).toEqual(['1.2.3', 'read hello']);
    } finally {
      delete process.env['NOTIFY_SOCKET'];
    }
  });

  it('is started again with back-off when it ends, and said so', async () => {
    const { told, times, world } = supervise(EXITS);
    await until(() => told.length === 5);
    expect(told).toEqual(['started: pid N', 'exited: exit 3', 'started: pid N', 'exited: exit 3', 'started: pid N']);
    expect(world.restarts).toBe(2);
    const [first, second, third] = times as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(1000);
    expect(third - second).toBeGreaterThanOrEqual(2000);
  });

  it('is told by its signal when it was killed', async () => {
    const { told, notes, reporter: running } = supervise(STAYS);
    await until(() => notes().length === 1);
    process.kill(running.pid(), 'SIGKILL');
    await until(() => told.length >= 2);
    expect(told[1]).toBe('exited: exit SIGKILL');
    expect(running.pid()).toBe(-1);
  });

  it('is restarted for a configuration in calm times alone, and then at once, whatever has come meanwhile', async () => {
    const { told, world, reporter: supervised } = supervise(STAYS);
    await until(() => told.length === 1);
    world.isCalm = false;
    supervised.restart(START);
    await sleep(100);
    expect(told).toEqual(['started: pid N']);
    world.isCalm = true;
    await until(() => told.length > 1);
    expect(told[1]).toBe('exited: configuration changed');
    await until(() => told.length === 3);

    supervised.restart(START);
    world.isCalm = false;
    await until(() => told.length === 5);
    expect(told.at(-1)).toBe('started: pid N');
  });

  it('is not started while it is not calm: a fork must not wait for memory', async () => {
    const { told, world } = supervise(EXITS);
    world.isCalm = false;
    await until(() => told.length === 2);
    await sleep(1500);
    expect(told).toHaveLength(2);
    world.isCalm = true;
    await until(() => told.length > 2);
    expect(told[2]).toBe('started: pid N');
  });

  it('takes a changed configuration over by starting anew, at once', async () => {
    const { told, notes, times, reporter: running } = supervise(STAYS);
    await until(() => notes().length === 1);
    const endedMs = performance.now();
    running.restart({ ...START, version: '2.0.0' });
    await until(() => notes().length === 2);
    expect(performance.now() - endedMs).toBeLessThan(1000);
    expect(told).toEqual(['started: pid N', 'exited: configuration changed', 'started: pid N']);
    expect(notes()[1]).toBe('2.0.0');
    expect(times).toHaveLength(2);
  });

  it('gets a configuration that changed while it was down', async () => {
    const { told, notes, reporter: running } = supervise(EXITS);
    await until(() => told.length === 2);
    running.restart({ ...START, version: '2.0.0' });
    await until(() => notes().length === 2);
    expect(notes()).toEqual(['1.2.3', '2.0.0']);
    expect(told[1]).toBe('exited: exit 3');
  });
});

describe('its end', () => {
  it('is awaited, when it comes by itself', async () => {
    const { notes, reporter: running } = supervise(`${NOTES}setTimeout(() => note('done'), 300);`);
    await until(() => notes().length === 1);
    await running.stop(5000);
    expect(notes()).toEqual(['1.2.3', 'done']);
  });

  it('is brought about when its time is up', async () => {
    const { notes, reporter: running } = supervise(IGNORES);
    await until(() => notes().length === 1);
    const pid = running.pid();
    const startedMs = performance.now();
    await running.stop(200);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is final', async () => {
    const { told, reporter: running } = supervise(EXITS);
    await until(() => told.length === 2);
    await running.stop(100);
    await sleep(1300);
    expect(told).toHaveLength(2);
  });
});

describe('a process that cannot even be started', () => {
  it('ends nothing: it is told and tried again', async () => {
    // More than a process may get in one environment variable (MAX_ARG_STRLEN): spawn throws E2BIG, as it does ENOMEM.
    const { told } = supervise(EXITS, { ...START, version: 'x'.repeat(200_000) });
    await until(() => told.filter((line) => line.startsWith('exited')).length >= 2);
    expect(told[0]).toMatch(/^exited: .*E2BIG/);
  });
});
