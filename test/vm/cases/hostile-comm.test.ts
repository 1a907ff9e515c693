import { test } from 'vitest';
import {
  expectAlive,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
} from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

/** Names that break parsers of /proc/PID/stat, and names that claim to be somebody else. */
const NAMES = ['a) S 1 (b c', ') R 1 1 1 0', 'x\\ny\\n', '\\t', 'sshd', 'systemd', 'oomwatchd', 'Name:\\tinit'];

test('a leak is killed whatever it calls itself', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    for (const name of NAMES) {
      const leak = { name: 'leak', atMs: 500, command: `exec leak rate=100 comm="${name}"` };
      const seen = await scene.watch({
        seconds: 20,
        workloads: [...INNOCENTS, leak],
        until: { name: 'leak', afterMs: 500 },
        probeMs: 0,
      });
      expectKilled(seen, 'leak');
      expectAlive(seen, ...innocentNames);
      await expectNoKernelKill(scene, seen);
      await expectShotOnly(scene, seen, 'leak');
    }
  });
});
