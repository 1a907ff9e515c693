// What must not alarm anybody: the machine is busy, or somebody else is short, and memory is not.
import { expect } from 'vitest';
import type { Judgement } from './judge.ts';
import { expectAlive, expectNoKernelKill, INNOCENTS, innocentNames, note } from './outcome.ts';
import { type Scene, type Workload, withDaemon } from './scene.ts';
import { daemonSignals } from './select.ts';
import { suffering } from './thrash.ts';
import { startTrace } from './trace.ts';
import { expectNoVerdict } from './verdict.ts';

/** "Zero in ten runs" is for who measures: OOMWATCHD_REPEAT=10. */
export const RUNS = Number(process.env['OOMWATCHD_REPEAT'] ?? 1);

export interface BusyScene {
  /** Before the watch, of which it answers the workloads; those that are not `temporary` must live to its end. */
  prepare(scene: Scene): Promise<Workload[]>;
  temporary?: string[];
  seconds: number;
  /** Whether it was what it is meant to be: a calm guest proves nothing. */
  holds(seen: Judgement): void;
}

/** Nobody is signalled, by the daemon or the kernel, and no livelock is told but of these cgroups. */
export async function expectNoAlarm(scene: Scene, seen: Judgement, ...ofCgroups: string[]): Promise<void> {
  scene.hasExcuse = false;
  expect(await daemonSignals(scene), 'signals of the daemon').toEqual([]);
  expectNoVerdict(scene, ...ofCgroups);
  expect(await scene.daemon.isAlive(), 'the daemon lives').toBe(true);
  await expectNoKernelKill(scene, seen);
}

export const staysQuiet = (name: string, busy: BusyScene): Promise<void> =>
  withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const workloads = await busy.prepare(scene);
    const seen = await scene.watch({ seconds: busy.seconds, workloads: [...INNOCENTS, ...workloads] });
    const { calmMs, worstMs } = suffering(seen, { workloads, startsMs: workloads[0]?.atMs ?? 0 });
    const leastMiB = Math.round(Math.min(...seen.memory.map((point) => point.availableKiB)) / 1024);
    note(name, { calmMs, worstMs, leastMiB, hostWait: scene.hostWait });
    await expectNoAlarm(scene, seen);
    busy.holds(seen);
    const lasting = workloads.map((run) => run.name).filter((run) => !busy.temporary?.includes(run));
    expectAlive(seen, ...lasting, ...innocentNames);
  });
