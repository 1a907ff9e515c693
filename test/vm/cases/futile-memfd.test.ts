// A file without a name takes the memory: nobody has mapped it, and who has it open is small.
import { expect, test } from 'vitest';
import { alarm, fill, NAMES } from '../harness/futile.ts';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectNoKernelKill, shots } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';

/** Whose files have it is known when those of all have been looked at, some at a time, and an emulated host is slow. */
const FILES_S = 40;

test('a memfd that nobody has mapped is told by the process that holds it open', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    const seen = await fill(scene, 'memfd', FILES_S);
    expectAlive(seen, ...NAMES);
    const filler = runNamed(seen, 'fill').pid;
    expect((await shots(scene, seen)).filter(({ pid }) => pid !== filler)).toEqual([]);
    await expectNoKernelKill(scene, seen);
    await alarm(scene, seen);
    expect(told(scene, 'holders').flatMap(({ holders }) => holders as object[])).toContainEqual(
      expect.objectContaining({ kind: 'memfd', name: `pid ${filler} (shared) memfd:hoard` }),
    );
  }));
