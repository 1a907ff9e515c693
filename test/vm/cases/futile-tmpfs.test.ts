// A tmpfs takes the memory, and all processes together have less than is missing: killing them ends nothing.
import { expect, test } from 'vitest';
import { WIDE_KILL_MIB, WIDE_TERM_MIB } from '../harness/config.ts';
import { counterGrowth, type Judgement, lastAboveMarkUs, runNamed } from '../harness/judge.ts';
import { expectAlive, expectFigure, expectNoKernelKill, expectShotOnly, note, shots } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';
import { expectVerdict } from '../harness/verdict.ts';

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
const ALARM_MS = 5000;
const KIB_PER_MIB = 1024;

/** What takes the memory: `mib` of it, and nobody who may be killed has any in its page tables. */
const FILLERS = {
  tmpfs: (mib: number) => `exec dd if=/dev/zero of=/tmp/full/file bs=1M count=${mib}`,
  sysv: (mib: number) => `exec shared mib=${mib}`,
  memfd: (mib: number) => `exec shared how=memfd mib=${mib}`,
};

const fill = async (scene: Scene, by: keyof typeof FILLERS = 'tmpfs'): Promise<Judgement> => {
  await startTrace(scene.guest);
  await scene.guest.sh('mkdir -p /tmp/full; mount -t tmpfs -o size=100% tmpfs /tmp/full');
  const leaveMiB = WIDE_KILL_MIB - MISSING_MIB + innocents.length * INNOCENT_MIB;
  const command = FILLERS[by]((await scene.availableMiB()) - leaveMiB);
  return scene.watch({ seconds: 15, workloads: [...innocents, { name: 'fill', atMs: FILL_AT_MS, command }] });
};

/** The alarm as the kernel's log has it, and how long after the term mark it came there. */
const alarm = async (scene: Scene, seen: Judgement): Promise<string> => {
  const { stdout } = await scene.guest.sh('dmesg | grep "memory that no kill returns"', { mayFail: true });
  const [, seconds, text] = /\[ *([\d.]+)\].*memory that no kill returns: (.*)/.exec(stdout) ?? [];
  if (text === undefined) throw new Error('no alarm about who holds the memory');
  const crossedMs = lastAboveMarkUs(seen, WIDE_TERM_MIB * KIB_PER_MIB) / 1000;
  expectFigure('from the term mark to the alarm, ms', Math.round(Number(seconds) * 1000 - crossedMs), ALARM_MS);
  return text;
};

const lastAvailableMiB = (seen: Judgement): number => (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;

test('it kills nobody and tells which tmpfs has the memory, within five seconds', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    const seen = await fill(scene);
    note('tmpfs', { availableMiB: lastAvailableMiB(seen) });
    expect(lastAvailableMiB(seen), 'the shortage is there and stays').toBeLessThan(WIDE_KILL_MIB);
    expectAlive(seen, ...NAMES);
    await expectShotOnly(scene, seen);
    await expectNoKernelKill(scene, seen);
    expect(told(scene, 'no_action').map(({ reason }) => reason)).toContain('futile');
    expect(told(scene, 'holders').flatMap(({ holders }) => holders as object[])).toContainEqual(
      expect.objectContaining({ kind: 'tmpfs', name: '/tmp/full' }),
    );
    expectVerdict(scene, 'other shmem');
    expect(told(scene, 'livelock')[0]).toMatchObject({ kill_helps: false });
    expect(await alarm(scene, seen)).toMatch(/^tmpfs \/tmp\/full \d{6}kB/);
  }));

test('without that judgement all three die for nothing', () =>
  withDaemon({ wideMarks: true, futility: false }, async (scene) => {
    const seen = await fill(scene);
    const fired = await shots(scene, seen);
    expect(new Set(fired.map(({ pid }) => pid))).toEqual(new Set(NAMES.map((name) => runNamed(seen, name).pid)));
    expect(lastAvailableMiB(seen), 'the shortage is there and stays').toBeLessThan(WIDE_KILL_MIB);
  }));

test('a System V segment is told by its id; of processes at most the one that fills it is shot', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    const seen = await fill(scene, 'sysv');
    expectAlive(seen, ...NAMES);
    const filler = runNamed(seen, 'fill').pid;
    expect((await shots(scene, seen)).filter(({ pid }) => pid !== filler)).toEqual([]);
    await expectNoKernelKill(scene, seen);
    expect(await alarm(scene, seen)).toMatch(/^sysv_segment shmid \d+ of uid 0, made by pid \d+, \d+ attach\w* \d+kB/);
  }));

test('a memfd that nobody has mapped is told by the process that holds it open', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    const seen = await fill(scene, 'memfd');
    expectAlive(seen, ...NAMES);
    const filler = runNamed(seen, 'fill').pid;
    expect((await shots(scene, seen)).filter(({ pid }) => pid !== filler)).toEqual([]);
    await expectNoKernelKill(scene, seen);
    await alarm(scene, seen);
    // Whose files have it is known when those of all have been looked at, some at a time.
    expect(told(scene, 'holders').flatMap(({ holders }) => holders as object[])).toContainEqual(
      expect.objectContaining({ kind: 'memfd', name: `pid ${filler} (shared) memfd:hoard` }),
    );
  }));

test('the kernel alone kills one after the other, and the memory stays', () =>
  withoutDaemon(async (scene) => {
    await scene.guest.sh('mkdir -p /tmp/full; mount -t tmpfs -o size=100% tmpfs /tmp/full');
    const command = 'exec dd if=/dev/zero of=/tmp/full/file bs=1M count=4096';
    const seen = await scene.watch({
      seconds: 15,
      workloads: [...innocents, { name: 'fill', atMs: FILL_AT_MS, command }],
    });
    const kills = counterGrowth(seen, 'oom_kill');
    note('the kernel alone', { kills, availableMiB: lastAvailableMiB(seen) });
    expect(kills).toBeGreaterThan(1);
    expect(NAMES.filter((name) => runNamed(seen, name).diedUs > 0).length, 'innocents that died').toBeGreaterThan(0);
    expect(lastAvailableMiB(seen), 'the shortage is there and stays').toBeLessThan(WIDE_KILL_MIB);
  }));
