/** The watcher of cgroup v1 on hosts where it has the memory controller: hangs that no pressure and no log tells of. */
import type { CgroupRow } from '../../core/cgroup-row.ts';
import type { State } from '../../core/state.ts';
import { findUnderOom } from '../../linux/cgroup/under-oom.ts';
import type { Host } from './host.ts';
import { createPaced } from './paced.ts';
import type { Watchers } from './watchers.ts';

/** Such a hang lasts until somebody ends it, and the walk opens every cgroup. */
const LOOK_MS = 30_000;
/** While one is under OOM, that it is over is seen soon. */
const AGAIN_MS = 3000;

export const watchUnderOom = ({ memoryV1 }: Pick<Host, 'memoryV1'>, state: Pick<State, 'cgroupWatch'>): Watchers => {
  let serial = 0;
  let seen: readonly CgroupRow[] = [];
  let rows: readonly CgroupRow[] = [];

  const look = createPaced(async () => {
    const found = await findUnderOom(memoryV1);
    // By two looks: who has switched the killer off may have one of his own, which needs a moment.
    rows = found.filter(({ path }) => seen.some((row) => row.path === path));
    seen = found;
    serial++;
  });

  return {
    run: (nowMs) => {
      if (memoryV1 === '') return;
      look.run(seen.length > 0 || state.cgroupWatch.isStalling ? AGAIN_MS : LOOK_MS, nowMs);
    },
    take: (into) => {
      // The controller is in one hierarchy alone: where it is in this one, no cgroup of v2 has a row.
      if (memoryV1 === '') return;
      into.cgroups = rows;
      into.cgroupSerial = serial;
    },
    isWaiting: look.isUnderWay,
  };
};
