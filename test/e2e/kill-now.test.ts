/** Forced selections of the real daemon: by its socket and by SIGUSR2, without any shortage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/exit.ts';
import { startChild } from './child.ts';
import {
  cleanUp,
  command,
  type Daemon,
  ready,
  skipUnlessEnforcing,
  startDaemon,
  startEnforcing,
  writeConfig,
} from './daemon.ts';
import { folder } from './folder.ts';
import { skipBecause } from './skip.ts';

afterEach(cleanUp);

const socketPath = (): string => join(folder(), 'control.sock');

/** Nothing is short: whoever dies was asked for. */
const calm = (mode: 'observe' | 'enforce', only: readonly string[], act = ''): string =>
  writeConfig({ mode, level: 'none', only, act });

const killNow = (config: string, ...args: string[]): ReturnType<typeof command> =>
  command(['kill-now', '--config', config, ...args]);

interface Answer {
  readonly outcome: string;
  readonly victim: { readonly pid: number } | null;
}

const answerTo = async (config: string, ...args: string[]): Promise<Answer & { code: number | null }> => {
  const { code, stdout, stderr } = await killNow(config, '--json', ...args);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Answer) };
};

describe('observing', () => {
  test.each([
    ['the daemon', 'observe', []],
    ['the request', 'enforce', ['--observe']],
  ] as const)('%s: chooses, tells, and signals nobody', async (_, mode, args) => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = calm(mode, [hog.exe]);
    const daemon = await ready(startDaemon(config));
    const { code, stdout } = await killNow(config, '--reason', 'a test', ...args);
    expect(code).toBe(EXIT.OK);
    expect(stdout).toMatch(new RegExp(`^\\S+ \\(pid ${hog.pid}, .*\\) would have been signalled; nothing was done`));
    expect(await daemon.line('forced')).toMatchObject({
      level: 'info',
      by: 'socket',
      reason: 'a test',
      outcome: 'observed',
      pid: hog.pid,
    });
    expect(await daemon.metric('oomwatchd_forced_total{by="socket",outcome="observed"}', (n) => n > 0)).toBe(1);
    expect(hog.isAlive()).toBe(true);
  });

  test('whoever has come a moment ago is chosen as well, though the index of a calm host goes round twice a minute', async (context) => {
    skipBecause(context, existsSync('/usr/bin/perl') ? '' : 'needs perl');
    // No copy of node: who is like somebody that must live waits for kcmp(2) to tell them apart.
    const exe = join(folder(), 'newcomer');
    copyFileSync('/usr/bin/perl', exe);
    const config = calm('observe', [exe]);
    const daemon = await ready(startDaemon(config));
    await daemon.metric('oomwatchd_processes{state="known"}', (known) => known > 0);
    const script = '$| = 1; my $held = "x" x 60_000_000; print "ready"; sleep 60';
    const newcomer = spawn(exe, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(newcomer.stdout, 'data');
      expect(await answerTo(config)).toMatchObject({ outcome: 'observed', victim: { pid: newcomer.pid } });
    } finally {
      newcomer.kill('SIGKILL');
    }
  });

  test('the socket is there from readiness on, for its owner alone, and goes with the daemon', async () => {
    const hog = await startChild({ program: 'hog' });
    const daemon: Daemon = await ready(startDaemon(calm('observe', [hog.exe])));
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    process.kill(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect(existsSync(socketPath())).toBe(false);
  });
});

describe('enforcing', () => {
  beforeEach(skipUnlessEnforcing);

  test('kill-now takes the largest candidate, the next one then, and nobody when there is none', async () => {
    const hog = await startChild({ program: 'hog', mib: 96 });
    const smaller = await startChild({ program: 'hog', mib: 16 });
    const innocent = await startChild({ program: 'innocent', mib: 128 });
    const config = calm('enforce', [hog.exe]);
    const daemon = await ready(await startEnforcing(config, [hog.pid, smaller.pid]));

    expect(await answerTo(config)).toMatchObject({ code: EXIT.OK, outcome: 'signalled', victim: { pid: hog.pid } });
    expect(await hog.ended()).toBe('SIGKILL');
    const line = await daemon.line('signal');
    expect(line).toMatchObject({ signal: 'KILL', reason: 'forced', sent: true });
    expect(line.msg).toMatch(/: an operator asked for it$/);
    expect(await daemon.line('forced')).toMatchObject({ level: 'warn', outcome: 'signalled', pid: hog.pid });
    expect(smaller.isAlive()).toBe(true);

    expect(await answerTo(config)).toMatchObject({ code: EXIT.OK, victim: { pid: smaller.pid } });
    expect(await smaller.ended()).toBe('SIGKILL');
    expect(await answerTo(config)).toMatchObject({ code: EXIT.NEGATIVE, outcome: 'nobody', victim: null });
    expect(innocent.isAlive()).toBe(true);
    expect(await daemon.metric('oomwatchd_forced_total{by="socket",outcome="signalled"}', (n) => n > 1)).toBe(2);
    expect(await daemon.metric('oomwatchd_forced_total{by="socket",outcome="nobody"}', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_signals_total{signal="KILL",mode="enforce"}')).toBe(2);
  });

  test('SIGUSR2 is the same without the socket', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({
      mode: 'enforce',
      level: 'none',
      only: [hog.exe],
      socket: 'off',
    });
    const daemon = await ready(await startEnforcing(config, [hog.pid]));
    process.kill(daemon.pid, 'SIGUSR2');
    expect(await hog.ended()).toBe('SIGKILL');
    expect(await daemon.line('forced')).toMatchObject({ by: 'SIGUSR2', outcome: 'signalled', pid: hog.pid });
    expect(existsSync(socketPath())).toBe(false);
    expect((await killNow(config)).code).toBe(EXIT.UNAVAILABLE);
  });

  test('what policy protects is not taken, however much it is asked for', async () => {
    const keeper = await startChild({ program: 'keeper', mib: 96 });
    const config = writeConfig({
      mode: 'enforce',
      level: 'none',
      only: [keeper.exe],
      protect: [keeper.exe],
    });
    await ready(await startEnforcing(config, []));
    expect(await answerTo(config)).toMatchObject({ code: EXIT.NEGATIVE, victim: null });
    expect(keeper.isAlive()).toBe(true);
  });
});
