// A tmpfs takes the memory, and all processes together have less than is missing: killing them ends nothing.
import { expect, test } from 'vitest';
import { WIDE_KILL_MIB } from '../harness/config.ts';
import { type Judgement, runNamed } from '../harness/judge.ts';
import { expectAlive, expectNoKernelKill, expectShotOnly, note, shots } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

const INNOCENT_MIB = 6;
const innocents: Workload[] = ['a', 'b', 'c'].map((name) => ({
  name,
  atMs: 0,
  command: `exec innocent mib=${INNOCENT_MIB}`,
}));
const NAMES = innocents.map(({ name }) => name);
/** So much is missing to the kill mark in the end: more than the innocents have, and far from the kernel's own limits. */
const MISSING_MIB = 28;
const FILL_AT_MS = 3000;
const KIB_PER_MIB = 1024;

const fillTmpfs = async (scene: Scene): Promise<Judgement> => {
  await startTrace(scene.guest);
  await scene.guest.sh('mkdir -p /tmp/full; mount -t tmpfs -o size=100% tmpfs /tmp/full');
  const leaveMiB = WIDE_KILL_MIB - MISSING_MIB + innocents.length * INNOCENT_MIB;
  const fill = `exec dd if=/dev/zero of=/tmp/full/file bs=1M count=${(await scene.availableMiB()) - leaveMiB}`;
  return scene.watch({
    seconds: 15,
    workloads: [...innocents, { name: 'fill', atMs: FILL_AT_MS, command: fill }],
  });
};

const lastAvailableMiB = (seen: Judgement): number => (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;

test('it kills nobody and tells that the memory is in tmpfs', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    const seen = await fillTmpfs(scene);
    note('tmpfs', { availableMiB: lastAvailableMiB(seen) });
    expect(lastAvailableMiB(seen), 'the shortage is there and stays').toBeLessThan(WIDE_KILL_MIB);
    expectAlive(seen, ...NAMES);
    await expectShotOnly(scene, seen);
    await expectNoKernelKill(scene, seen);
    expect(scene.daemon.output()).toMatch(/killing cannot end this shortage.*tmpfs and shared memory \d{3} MiB/);
  }));

test('without that judgement all three die for nothing', () =>
  withDaemon({ wideMarks: true, futility: false }, async (scene) => {
    const seen = await fillTmpfs(scene);
    const fired = await shots(scene, seen);
    expect(new Set(fired.map(({ pid }) => pid))).toEqual(new Set(NAMES.map((name) => runNamed(seen, name).pid)));
    expect(lastAvailableMiB(seen), 'the shortage is there and stays').toBeLessThan(WIDE_KILL_MIB);
  }));
