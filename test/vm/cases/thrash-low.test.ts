import { expect, test } from 'vitest';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  note,
} from '../harness/outcome.ts';
import { withWarmDaemon } from '../harness/scene.ts';
import { lowThrash, PROOF, suffering } from '../harness/thrash.ts';
import { callsBeforeFirstShot, readSyscalls, startTrace } from '../harness/trace.ts';
import { expectVerdictWithin } from '../harness/verdict.ts';

test('file-page thrash with MemAvailable under the mark: usable again within 5 s of onset', async () => {
  await withWarmDaemon({}, async (scene) => {
    await startTrace(scene.guest, scene.daemon.pid);
    const thrash = await lowThrash(scene);
    const seen = await scene.watch({ seconds: 40, workloads: thrash.workloads, until: PROOF });

    const was = suffering(seen, thrash);
    note('thrash-low', { ...was, hostWait: scene.hostWait });
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
