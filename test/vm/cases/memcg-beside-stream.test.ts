// A host as it is every day, its memory full of page cache that a stream goes through, and a container that thrashes at its own
// limit: all signs of a thrash of the host, and none of it is one.
import { expect, test } from 'vitest';
import { expectNoAlarm, RUNS } from '../harness/false-alarm.ts';
import { counterGrowth } from '../harness/judge.ts';
import { expectAlive, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

const GROUP = '/sys/fs/cgroup/pod';

for (let run = 1; run <= RUNS; run++) {
  test(`nothing is killed while a cgroup thrashes at its limit beside a stream: run ${run} of ${RUNS}`, () =>
    withDaemon({}, async (scene) => {
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
        ],
      });
      expectAlive(seen, 'hog', 'stream', 'pod', ...innocentNames);
      const { stdout } = await scene.guest.sh(`cat ${GROUP}/memory.pressure`);
      const someUs = Number(/some .*total=(\d+)/.exec(stdout)?.[1]);
      expect(someUs, 'microseconds in which some task of the cgroup waited for memory').toBeGreaterThan(15e6);
      expect(counterGrowth(seen, 'pgsteal_kswapd'), 'pages reclaimed of the host').toBeGreaterThan(5000);
      await expectNoAlarm(scene, seen, '/pod');
    }));
}
