/**
 * Real kills on this machine. The configuration limits candidates to programs that the test itself has copied to its
 * folder, and before it enforces, `rank` under the same configuration must name nobody but the test's own children.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Child, startChild } from './child.ts';
import {
  cleanUp,
  eligiblePids,
  isAlive,
  ready,
  skipUnlessEnforcing,
  startDaemon,
  startEnforcing,
  writeConfig,
} from './daemon.ts';

afterEach(cleanUp);

/** One kill, then only reports: the marks of these tests are reached for ever. */
const ONE_KILL = 'act: { kills_per_minute: 1 }\n';

const innocents = (count: number): Promise<Child[]> =>
  Promise.all(Array.from({ length: count }, () => startChild({ program: 'innocent', mib: 24 })));

describe('observe mode', () => {
  test('tells whom it would kill and kills nobody', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'observe', level: 'kill', only: [hog.exe] });
    const daemon = await ready(startDaemon(config));
    const line = await daemon.line('signal');
    expect(line).toMatchObject({ level: 'warn', signal: 'KILL', sent: false, errno: 0 });
    expect(line['victim']).toMatchObject({ pid: hog.pid, exe: hog.exe });
    expect(line.msg).toMatch(
      /^would send SIGKILL to \S+ \(pid \d+, \d+ MiB\): MemAvailable .* is below the kill mark \(observe mode, nothing was sent\)$/,
    );
    expect(await daemon.line('no_action')).toMatchObject({ reason: 'observe_mode' });
    expect(await daemon.metric('oomwatchd_signals_total{signal="KILL",mode="observe"}')).toBe(1);
    expect(await daemon.metric('oomwatchd_signals_total{signal="KILL",mode="enforce"}')).toBe(0);
    expect(await daemon.metric('oomwatchd_mode{mode="observe"}')).toBe(1);
    expect(hog.isAlive()).toBe(true);
  });

  test('--observe overrules an enforcing configuration', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'enforce', level: 'kill', only: [hog.exe] });
    const daemon = await ready(startDaemon(config, { args: ['--observe'] }));
    expect(await daemon.line('signal')).toMatchObject({ sent: false });
    expect(await daemon.line('started')).toMatchObject({ mode: 'observe' });
    expect(hog.isAlive()).toBe(true);
  });
});

/** An event has the time at which it was told: that of a first signal is as much behind its system call as the turn goes on. */
const TELLING_MS = 50;

describe('enforce mode', () => {
  beforeEach(skipUnlessEnforcing);

  test('SIGTERM ends the largest candidate; the smaller one and ten larger innocents live; log and metrics agree', async () => {
    const hog = await startChild({ program: 'hog', mib: 16 });
    const smaller = await startChild({ program: 'hog', mib: 2 });
    const others = await innocents(10);
    const config = writeConfig({ mode: 'enforce', level: 'term', only: [hog.exe], act: ONE_KILL });
    expect((await eligiblePids(config))[0]).toBe(hog.pid);
    const daemon = await ready(await startEnforcing(config, [hog.pid, smaller.pid]));
    expect(await hog.ended()).toBe('SIGTERM');

    const line = await daemon.line('signal');
    expect(line).toMatchObject({ level: 'warn', signal: 'TERM', sent: true, errno: 0, episode: 1 });
    expect(line['victim']).toMatchObject({ pid: hog.pid, exe: hog.exe, oom_score_adj: 0 });
    expect(line.msg).toMatch(/^SIGTERM to \S+ \(pid \d+, \d+ MiB\): MemAvailable .* is below the term mark$/);
    expect(await daemon.line('verify', (verify) => verify['verdict'] !== null)).toMatchObject({
      pid: hog.pid,
      exited: true,
    });
    expect(await daemon.line('no_action')).toMatchObject({ reason: 'budget_exhausted' });

    expect(await daemon.metric('oomwatchd_signals_total{signal="TERM",mode="enforce"}')).toBe(1);
    expect(await daemon.metric('oomwatchd_signals_total{signal="KILL",mode="enforce"}')).toBe(0);
    expect(await daemon.metric('oomwatchd_no_action_total{reason="budget_exhausted"}', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_episodes_total')).toBe(1);
    expect(daemon.lines('signal')).toHaveLength(1);
    expect(smaller.isAlive()).toBe(true);
    expect(others.filter((child) => child.isAlive())).toHaveLength(10);
  });

  test('below the kill mark SIGKILL comes at once', async () => {
    const hog = await startChild({ program: 'hog', mib: 96 });
    const config = writeConfig({ mode: 'enforce', level: 'kill', only: [hog.exe], act: ONE_KILL });
    const daemon = await startEnforcing(config, [hog.pid]);
    expect(await hog.ended()).toBe('SIGKILL');
    expect(await daemon.line('signal')).toMatchObject({
      signal: 'KILL',
      reason: expect.stringContaining('mem_available'),
    });
    expect(await daemon.metric('oomwatchd_signals_total{signal="KILL",mode="enforce"}')).toBe(1);
  });

  test('who ignores SIGTERM gets SIGKILL after term_timeout, as one and the same kill', async () => {
    const hog = await startChild({ program: 'stubborn', mib: 96, ignoresTerm: true });
    const act = 'act: { kills_per_minute: 1, term_timeout: "700ms" }\n';
    const config = writeConfig({ mode: 'enforce', level: 'term', only: [hog.exe], act });
    const daemon = await startEnforcing(config, [hog.pid]);
    expect(await hog.ended()).toBe('SIGKILL');
    const second = await daemon.line('signal', (line) => line['signal'] === 'KILL');
    const [first] = daemon.lines('signal');
    expect(first).toMatchObject({ signal: 'TERM', sent: true });
    expect(second).toMatchObject({ reason: 'term_timeout', sent: true });
    expect(second.msg).toContain('it did not exit in time after SIGTERM');
    expect(second.monotonic_ms - (first?.monotonic_ms ?? 0)).toBeGreaterThanOrEqual(700 - TELLING_MS);
    expect(await daemon.line('no_action', (line) => line['reason'] === 'budget_exhausted')).toBeDefined();
  });

  test('the largest is protected: it lives, and the second is taken', async () => {
    const keeper = await startChild({ program: 'keeper', mib: 128 });
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({
      mode: 'enforce',
      level: 'kill',
      only: [hog.exe, keeper.exe],
      protect: [keeper.exe],
      act: 'act: { kills_per_minute: 5 }\n',
    });
    const daemon = await startEnforcing(config, [hog.pid]);
    expect(await hog.ended()).toBe('SIGKILL');
    expect(await daemon.line('no_action')).toMatchObject({ reason: 'all_protected' });
    expect(keeper.isAlive()).toBe(true);
    expect(daemon.lines('signal').map((line) => (line['victim'] as { pid: number }).pid)).toEqual([hog.pid]);
  });

  test('a command name protects nobody: what calls itself sshd dies all the same', async () => {
    const spoofer = await startChild({ program: 'hog', mib: 48, comm: 'sshd' });
    const config = writeConfig({ mode: 'enforce', level: 'kill', only: [spoofer.exe], act: ONE_KILL });
    const daemon = await startEnforcing(config, [spoofer.pid]);
    expect(await spoofer.ended()).toBe('SIGKILL');
    expect((await daemon.line('signal')).msg).toMatch(/^SIGKILL to sshd \(pid /);
  });

  test('when nobody is eligible it says so, again and again but not every tick', async () => {
    const hog = await startChild({ program: 'hog', mib: 1 });
    const config = writeConfig({ mode: 'enforce', level: 'kill', only: [`${hog.exe}-that-is-not-there`] });
    const daemon = await ready(await startEnforcing(config, []));
    expect(await daemon.line('no_action')).toMatchObject({ level: 'error', reason: 'no_candidate' });
    expect(await daemon.metric('oomwatchd_no_action_total{reason="no_candidate"}', (n) => n > 0)).toBe(1);
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 12);
    expect(daemon.lines('no_action')).toHaveLength(1);
    expect(hog.isAlive() && isAlive(daemon.pid)).toBe(true);
  });
});
