// A host as it is every day, its memory full of page cache that a stream goes through, and a container that thrashes at its own
// limit: all signs of a thrash of the host, and none of it is one.
import { expect, test } from 'vitest';
import { expectNoAlarm, RUNS } from '../harness/false-alarm.ts';
import { counterGrowth } from '../harness/judge.ts';
import { expectAlive, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const GROUP = '/sys/fs/cgroup/pod';

/** From when on the thrash is known for what it is. */
const KNOWN_MS = 30_000;
/** Twice of what standby waits for a turn before it acts. */
const STOPPED_S = 10;

const play = async (scene: Scene, ...others: Workload[]): Promise<void> => {
  await startTrace(scene.guest);
  await scene.guest.sh(`mkdir ${GROUP}; echo 60M > ${GROUP}/memory.max`);
  // A little less than half stays available, which is where thrash is looked for.
  const hog = (await scene.availableMiB()) - Math.round((await scene.totalMiB()) * 0.45);
  const seen = await scene.watch({
    seconds: 45,
    workloads: [
      ...INNOCENTS,
      { name: 'hog', atMs: 1000, command: `exec leak target=${hog}` },
      { name: 'stream', atMs: 4000, command: 'exec stream' },
      { name: 'pod', atMs: 15_000, command: `echo $$ > ${GROUP}/cgroup.procs; exec thrash threads=16 mib=120` },
      ...others,
    ],
  });
  await expectNoAlarm(scene, seen, '/pod');
  expectAlive(seen, 'hog', 'stream', 'pod', ...innocentNames);
  const { stdout } = await scene.guest.sh(`cat ${GROUP}/memory.pressure`);
  const someUs = Number(/some .*total=(\d+)/.exec(stdout)?.[1]);
  expect(someUs, 'microseconds in which some task of the cgroup waited for memory').toBeGreaterThan(15e6);
  expect(counterGrowth(seen, 'pgsteal_kswapd'), 'pages reclaimed of the host').toBeGreaterThan(5000);
};

for (let run = 1; run <= RUNS; run++) {
  test(`nothing is killed while a cgroup thrashes at its limit beside a stream: run ${run} of ${RUNS}`, () =>
    withDaemon({}, (scene) => play(scene)));
}

test('nor by the second process, while control is stopped', () =>
  withDaemon({}, async (scene) => {
    const { pid } = scene.daemon;
    const command = `kill -STOP ${pid}; sleep ${STOPPED_S}; kill -CONT ${pid}; sleep 60`;
    await play(scene, { name: 'stopper', atMs: KNOWN_MS, command });
    expect(told(scene, 'rescue')).toEqual([]);
    const latestMs = Math.max(0, ...told(scene, 'late').map(({ late_ms }) => Number(late_ms)));
    expect(latestMs, 'how late control was').toBeGreaterThan((STOPPED_S - 1) * 1000);
  }));
