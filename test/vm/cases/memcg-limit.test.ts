import { expect, test } from 'vitest';
import { expectNoAlarm, RUNS } from '../harness/false-alarm.ts';
import { expectAlive } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';
import { expectVerdict } from '../harness/verdict.ts';

for (let run = 1; run <= RUNS; run++) {
  test(`nothing is killed while processes thrash and stall at their own cgroup limits: run ${run} of ${RUNS}`, () =>
    withDaemon({}, async (scene) => {
      await startTrace(scene.guest);
      await scene.guest.sh(
        `cd /sys/fs/cgroup; mkdir high file; echo 40M > high/memory.high; echo 60M > file/memory.max`,
      );
      const enter = (group: string): string => `echo $$ > /sys/fs/cgroup/${group}/cgroup.procs; exec`;
      const seen = await scene.watch({
        seconds: 25,
        workloads: [
          { name: 'high', atMs: 2000, command: `${enter('high')} leak` },
          { name: 'file', atMs: 2000, command: `${enter('file')} thrash threads=16 mib=120` },
        ],
      });
      // The leak is throttled for good, which is said of its cgroup; a thrash at memory.max is nobody else's business.
      await expectNoAlarm(scene, seen, '/high');
      expectAlive(seen, 'high', 'file');
      // "full" is a share of the time in which nobody else ran, of the cgroup too: how busy the machine is decides it.
      for (const group of ['high', 'file']) {
        const { stdout } = await scene.guest.sh(`cat /sys/fs/cgroup/${group}/memory.pressure`);
        const someUs = Number(/some .*total=(\d+)/.exec(stdout)?.[1]);
        expect(someUs, `microseconds in which some task of ${group} waited for memory`).toBeGreaterThan(10e6);
      }
      expectVerdict(scene, 'other memory_high');
    }));
}
