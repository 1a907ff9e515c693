// A leak into memory.high: throttled for ever, while the host has memory to spare. Told without a rule, ended by one.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
} from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';
import { expectNoVerdict, expectVerdictWithin } from '../harness/verdict.ts';

const ENTER = 'echo $$ > /sys/fs/cgroup/batch.slice/cgroup.procs; exec';
const HOG: Workload = { name: 'hog', atMs: 2000, command: `${ENTER} leak rate=40` };
/** Larger than all that is in the cgroup, and none of its business. */
const OUTSIDER: Workload = { name: 'outsider', atMs: 0, command: 'exec leak start=120 rate=1 target=1' };

const prepare = async (scene: Scene): Promise<void> => {
  await startTrace(scene.guest);
  await scene.guest.sh('mkdir /sys/fs/cgroup/batch.slice; echo 40M > /sys/fs/cgroup/batch.slice/memory.high');
};

test('it is told by name with its numbers, and nobody is killed', () =>
  withDaemon({}, async (scene) => {
    await prepare(scene);
    const seen = await scene.watch({ seconds: 60, workloads: [...INNOCENTS, OUTSIDER, HOG] });
    expectAlive(seen, 'hog', 'outsider', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen);
    const [line] = told(scene, 'cgroup');
    expect(line).toMatchObject({ path: '/batch.slice', condition: 'memory_high', holds: true, limit_kib: 40 * 1024 });
    expect(line?.['per_s']).toBeGreaterThan(0);
    expect(told(scene, 'episode_started'), 'no shortage of the host').toEqual([]);
    // Of its start, a second before it is at memory.high.
    await expectVerdictWithin(scene, 'other memory_high', runNamed(seen, 'hog').startedUs);
    expectNoVerdict(scene, '/batch.slice');
  }));

test('a rule ends it inside of the cgroup: the hog dies, the larger one outside lives', () =>
  withDaemon(
    { cgroups: ['{ cgroup: /batch.slice, memory: "95%", pressure_full: "20%", for: 3s, action: kill }'] },
    async (scene) => {
      await prepare(scene);
      const seen = await scene.watch({
        seconds: 120,
        workloads: [...INNOCENTS, OUTSIDER, HOG],
        until: { name: 'hog', afterMs: 5000 },
      });
      expectKilled(seen, 'hog', [9]);
      expectAlive(seen, 'outsider', ...innocentNames);
      await expectNoKernelKill(scene, seen);
      const [first] = await expectShotOnly(scene, seen, 'hog');
      expectFigure(
        'seconds from its start to the kill',
        ((first?.us ?? 0) - runNamed(seen, 'hog').startedUs) / 1e6,
        12,
      );
      const verdicts = told(scene, 'verify').map(({ verdict }) => verdict);
      expect(verdicts).toContain('recovered');
      const { stdout } = await scene.guest.sh('cat /sys/fs/cgroup/batch.slice/memory.current');
      expect(Number(stdout) / 1024 / 1024, 'MiB left in the cgroup').toBeLessThan(10);
    },
  ));
