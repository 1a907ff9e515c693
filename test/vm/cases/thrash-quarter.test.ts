// File-page thrash while a quarter of RAM still reads as "available". No mark on MemAvailable sees it.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  note,
} from '../harness/outcome.ts';
import { type Scene, withoutDaemon, withWarmDaemon } from '../harness/scene.ts';
import { HANG_S, PROOF, quarterThrash, suffering } from '../harness/thrash.ts';
import { callsBeforeFirstShot, readSyscalls, startTrace } from '../harness/trace.ts';
import { expectVerdictWithin } from '../harness/verdict.ts';

async function hangsOn(scene: Scene, peer: { name: string; atMs: number; command: string }[]): Promise<void> {
  const thrash = await quarterThrash(scene);
  const seen = await scene.watch({
    seconds: thrash.startsMs / 1000 + HANG_S,
    workloads: [...peer, ...thrash.workloads],
  });
  const was = suffering(seen, thrash);
  note(peer[0]?.name ?? 'no daemon', was);
  const available = seen.memory.filter((point) => point.us > (was.onsetUs ?? 0)).map((point) => point.availableKiB);
  expect(Math.min(...available) / seen.memTotalKiB, 'MemAvailable all the time').toBeGreaterThan(0.24);
  expectAlive(seen, 'hog', 'services');
  expect(was.usableAfterMs).toBe(Number.POSITIVE_INFINITY);
}

test('without a daemon the guest hangs and the kernel does nothing', () =>
  withoutDaemon((scene) => hangsOn(scene, [])));

test('earlyoom does not rescue it', () =>
  withoutDaemon((scene) => hangsOn(scene, [{ name: 'earlyoom', atMs: 0, command: 'exec earlyoom -r 0' }])));

test('with the daemon it is usable again within 5 s of onset, and no call that allocates lies between verdict and signal', async () => {
  await withWarmDaemon({}, async (scene) => {
    await startTrace(scene.guest, scene.daemon.pid);
    const thrash = await quarterThrash(scene);
    const seen = await scene.watch({ seconds: 40, workloads: thrash.workloads, until: PROOF });

    const was = suffering(seen, thrash);
    const shotAfterMs = (runNamed(seen, 'hog').diedUs - (was.onsetUs ?? 0)) / 1000;
    note('thrash-quarter', { ...was, hostWait: scene.hostWait, hogDiedAfterOnsetMs: Math.round(shotAfterMs) });
    expectKilled(seen, 'hog');
    expectAlive(seen, 'services');
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen, 'hog');
    await expectVerdictWithin(scene, 'overload file_thrash', was.onsetUs ?? 0);
    expect(was.usableAfterMs, 'usable again').toBeLessThan(Number.POSITIVE_INFINITY);
    expectFigure('milliseconds from onset until usable again', was.usableAfterMs, 5000);
    expectFigure('worst probe after that, milliseconds', was.worstLaterMs, 1000);
    expect(callsBeforeFirstShot(await readSyscalls(scene.guest)).forbidden.join('; ')).toBe('');
  });
});
