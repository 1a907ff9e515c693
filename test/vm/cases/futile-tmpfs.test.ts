// A tmpfs takes the memory, and all processes together have less than is missing: killing them ends nothing.
import { expect, test } from 'vitest';
import { WIDE_KILL_MIB } from '../harness/config.ts';
import { alarm, crossedUs, FILL_AT_MS, fill, innocents, lastAvailableMiB, NAMES } from '../harness/futile.ts';
import { counterGrowth, runNamed } from '../harness/judge.ts';
import { expectAlive, expectNoKernelKill, expectShotOnly, note, shots } from '../harness/outcome.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { expectVerdictWithin } from '../harness/verdict.ts';

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
    await expectVerdictWithin(scene, 'other shmem', crossedUs(seen));
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
