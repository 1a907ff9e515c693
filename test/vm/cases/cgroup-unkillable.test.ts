// A memory.max with only -1000 processes in it: the kernel is out of memory there hundreds of times a second, kills nobody
// and floods its log. Told without a rule, ended inside of the cgroup by one that admits it.
import { expect, test } from 'vitest';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
} from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';
import { expectVerdict } from '../harness/verdict.ts';

const LOST = '/sys/fs/cgroup/lost';
const HOG: Workload = {
  name: 'hog',
  atMs: 2000,
  command: `echo $$ > ${LOST}/cgroup.procs; exec leak adj=-1000 rate=40`,
};

const prepare = async (scene: Scene): Promise<void> => {
  await startTrace(scene.guest);
  await scene.guest.sh(`mkdir ${LOST}; echo 30M > ${LOST}/memory.max; dmesg -n 1`);
};

const eventsOf = async (scene: Scene): Promise<Record<string, number>> => {
  const { stdout } = await scene.guest.sh(`cat ${LOST}/memory.events`);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  );
};

test('without us it goes on for ever: ooms without a kill', () =>
  withoutDaemon(async (scene) => {
    await prepare(scene);
    const seen = await scene.watch({ seconds: 15, workloads: [HOG] });
    expectAlive(seen, 'hog');
    const { oom, oom_kill } = await eventsOf(scene);
    expect(oom).toBeGreaterThan(50);
    expect(oom_kill).toBe(0);
  }));

test('it is told within ten seconds who is in it, and nobody at -1000 is touched', () =>
  withDaemon({ cgroups: ['{ cgroup: /lost, oom_loop: true, for: 2s, action: kill }'] }, async (scene) => {
    await prepare(scene);
    // The rule does not admit whom it finds.
    const seen = await scene.watch({ seconds: 25, workloads: [...INNOCENTS, HOG] });
    expectAlive(seen, 'hog', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen);
    const [line] = told(scene, 'cgroup');
    expect(line).toMatchObject({ path: '/lost', condition: 'oom_loop', holds: true, processes: 1, unkillable: 1 });
    expectFigure('seconds from the first oom that it saw to the line', Number(line?.['for_ms']) / 1000, 10);
    expect(line?.['members']).toMatch(/^pid \d+ \(leak\) at oom_score_adj -1000$/);
    // It is over when the judge ends the hog with the watch.
    const outcomes = told(scene, 'cgroup_rule').map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome !== 'over')).toEqual(['reached', 'nobody']);
    // The kernel's own reports have driven it out of the kernel log.
    expectVerdict(scene, 'other memcg_unkillable');
  }));

test('a rule that admits it ends it inside of the cgroup, all of it', () =>
  withDaemon(
    { cgroups: ['{ cgroup: /lost, oom_loop: true, for: 2s, action: kill, scope: cgroup, kill_unkillable: true }'] },
    async (scene) => {
      await prepare(scene);
      // A second process of the cgroup, and one at -1000 outside of it.
      const pause: Workload = {
        name: 'pause',
        atMs: 0,
        command: `echo $$ > ${LOST}/cgroup.procs; exec leak adj=-1000 rate=1 target=1`,
      };
      const outside: Workload = { name: 'outside', atMs: 0, command: 'exec leak adj=-1000 start=60 rate=1 target=1' };
      const seen = await scene.watch({
        seconds: 40,
        workloads: [...INNOCENTS, outside, pause, HOG],
        until: { name: 'hog', afterMs: 4000 },
      });
      expectKilled(seen, 'hog', [9]);
      expectKilled(seen, 'pause', [9]);
      expectAlive(seen, 'outside', ...innocentNames);
      await expectNoKernelKill(scene, seen);
      await expectShotOnly(scene, seen, 'hog', 'pause');
      const { stdout } = await scene.guest.sh(`cat ${LOST}/cgroup.events`);
      expect(stdout).toContain('populated 0');
    },
  ));
