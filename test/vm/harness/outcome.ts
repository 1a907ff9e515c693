// What the cases expect, in words they share. Everything is judged by the guest's kernel and the judge, never by what
// the daemon says of itself.
import { expect } from 'vitest';
import { counterGrowth, type Judgement, runNamed } from './judge.ts';
import type { Scene, Workload } from './scene.ts';
import { kernelVictims, readSignals, type SignalEvent } from './trace.ts';

const GIB_KIB = 1024 * 1024;

/** The default marks: SIGTERM at min(10 %, 2 GiB) of MemAvailable. */
export const termMarkKiB = (memTotalKiB: number): number => Math.min(memTotalKiB * 0.1, 2 * GIB_KIB);

export const INNOCENTS: Workload[] = Array.from({ length: 10 }, (_, i) => ({
  name: `innocent${i}`,
  atMs: 0,
  command: 'exec innocent mib=6',
}));

/** One line of figures beside the result of a case: they go into the documentation. */
export const note = (what: string, figures: object): void => {
  process.stdout.write(
    `${what}: ${JSON.stringify(figures, (_, value) => (value === Number.POSITIVE_INFINITY ? 'never' : value))}\n`,
  );
};

/** Neither the global nor a memcg OOM killer of the kernel acted. */
export async function expectNoKernelKill(scene: Scene, seen: Judgement): Promise<void> {
  expect(counterGrowth(seen, 'oom_kill'), 'oom_kill of /proc/vmstat').toBe(0);
  expect(await kernelVictims(scene.guest), 'oom:mark_victim events').toBe(0);
}

export function expectAlive(seen: Judgement, ...names: string[]): void {
  for (const name of names) expect(runNamed(seen, name), name).toMatchObject({ diedUs: 0 });
}

export function expectKilled(seen: Judgement, name: string, signals: number[] = [9, 15]): void {
  const run = runNamed(seen, name);
  expect(run.diedUs, `${name} has died`).toBeGreaterThan(0);
  expect(signals, `signal that ended ${name}`).toContain(run.signal);
}

export const innocentNames = INNOCENTS.map((run) => run.name);

/**
 * Signals that the daemon, or another process of it, sent to the processes of the judge, in the order of time. By sender: the
 * judge ends whoever is left of its own by SIGKILL.
 */
export async function shots(scene: Scene, seen: Judgement, senderTid = scene.daemon.pid): Promise<SignalEvent[]> {
  const pids = new Set(seen.runs.map((run) => run.pid));
  const all = await readSignals(scene.guest);
  return all.filter((event) => event.senderTid === senderTid && pids.has(event.pid)).sort((a, b) => a.us - b.us);
}

/** Lives on, and shot nobody but these. */
export async function expectShotOnly(scene: Scene, seen: Judgement, ...names: string[]): Promise<SignalEvent[]> {
  const fired = await shots(scene, seen);
  const nameOf = new Map(seen.runs.map((run) => [run.pid, run.run]));
  const shot = [...new Set(fired.map((event) => nameOf.get(event.pid) ?? 'nobody of the judge'))];
  if (!shot.every((name) => names.includes(name))) scene.hasExcuse = false;
  expect(shot.sort()).toEqual([...names].sort());
  expect(await scene.daemon.isAlive(), 'the daemon lives').toBe(true);
  return fired;
}

/**
 * A figure of the clock, measured in the guest and printed with its target. On a shared machine it is the neighbours' as
 * much as ours, so it fails the case only where somebody measures on purpose: OOMWATCHD_FIGURES=assert.
 */
export function expectFigure(name: string, value: number, target: number): void {
  process.stdout.write(`figure: ${name}: ${value} (target ${target}${value <= target ? '' : ', MISSED'})\n`);
  if (process.env['OOMWATCHD_FIGURES'] === 'assert') expect(value, name).toBeLessThanOrEqual(target);
}
