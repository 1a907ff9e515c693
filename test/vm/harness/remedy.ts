// Remedies for what blocks: a trapped victim that is killed on demand, and what becomes of it and of its memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Guest } from './guest.ts';
import { note } from './outcome.ts';
import type { Scene } from './scene.ts';
import { type Trap, Victim } from './stuck.ts';
import { startTrace } from './trace.ts';

/** Larger than anything else in the guest; most of it shmem, which process_mrelease(2) cannot take. */
const SIZE = { anonMiB: 40, sharedMiB: 100 };
/** remedies.after and the examination take 2 to 3 s: this is what a busy machine makes of it. */
const GONE_WITHIN_MS = 20_000;
const TOLD_WITHIN_MS = 30_000;
/** Longer than that, in the guest: it stays. */
const STAYS_S = 12;

const exists = async (guest: Guest, pid: number): Promise<boolean> =>
  (await guest.sh(`test -d /proc/${pid}`, { mayFail: true })).code === 0;

const leftKiB = (victim: Victim): number => {
  const last = victim.history().at(-1);
  return (last?.anonKiB ?? 0) + (last?.shmemKiB ?? 0);
};

/** A victim in a trap that is shut, and killed by the daemon when it was told to. */
export async function killTrapped(scene: Scene, trap: Trap): Promise<Victim> {
  await startTrace(scene.guest);
  const victim = await Victim.trap(scene.guest, trap, SIZE);
  await scene.guest.sh(`kill -USR2 ${scene.daemon.pid}; sleep 1`);
  await victim.killedUs(scene.daemon.pid);
  return victim;
}

export async function expectGone(scene: Scene, victim: Victim): Promise<void> {
  const begun = Date.now();
  while (await exists(scene.guest, victim.pid)) {
    expect(Date.now() - begun, 'ms that the victim is still there').toBeLessThan(GONE_WITHIN_MS);
    await sleep(200);
  }
  note('victim gone', { afterMs: Date.now() - begun });
  expect(leftKiB(victim), 'KiB that it still has').toBe(0);
}

/** The hole: it stays, with what process_mrelease(2) cannot take. */
export async function expectStays(scene: Scene, victim: Victim): Promise<void> {
  await scene.guest.sh(`sleep ${STAYS_S}`);
  expect(await exists(scene.guest, victim.pid), 'the victim is still there').toBe(true);
  expect(leftKiB(victim), 'KiB that it still has').toBeGreaterThan((SIZE.sharedMiB - 1) * 1024);
}

/** What was told of a remedy, in the order of time: "before", "after done", "effect victim_gone". */
function toldOf(scene: Scene, remedy: string): string[] {
  const lines = scene.daemon.output().split('\n');
  return lines
    .filter((line) => line.includes('"event":"remedy"') && line.includes(`"remedy":"${remedy}"`))
    .map((line) => {
      const { stage, result, effect } = JSON.parse(line) as Record<string, string | null>;
      return [stage, stage === 'after' ? result : effect].filter((word) => typeof word === 'string').join(' ');
    });
}

/** The daemon's own words come late on a busy machine: waited for. */
export async function expectTold(scene: Scene, remedy: string, expected: readonly string[]): Promise<void> {
  const begun = Date.now();
  while (toldOf(scene, remedy).length < expected.length && Date.now() - begun < TOLD_WITHIN_MS) await sleep(200);
  expect(toldOf(scene, remedy)).toEqual(expected);
}

/** Before and after stand in the kernel log as well. */
export async function expectInKernelLog(scene: Scene, remedy: string): Promise<void> {
  const { stdout } = await scene.guest.sh('dmesg');
  for (const stage of ['before', 'after']) expect(stdout).toMatch(new RegExp(`remedy ${stage}: ${remedy} of `));
}
