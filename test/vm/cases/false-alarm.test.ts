// Busy, and not short of memory: no kill, no verdict of a livelock. The cgroup at its own limit has memcg-limit.test.ts.
import { expect, test } from 'vitest';
import { type BusyScene, RUNS, staysQuiet } from '../harness/false-alarm.ts';
import { counterGrowth, type Judgement, runNamed } from '../harness/judge.ts';
import { SWAP_DISK, swapOnDisk } from '../harness/swap.ts';

const START_MS = 4000;
const SECONDS = 20;
const SECOND_US = 1e6;

/** The share of the watch in which some task waited, in PSI's sense. */
const waitedS = (seen: Judgement, what: string): number => counterGrowth(seen, what) / SECOND_US;

const pageCacheStorm: BusyScene = {
  seconds: SECONDS + 5,
  async prepare(scene) {
    // The page cache is full from the beginning, however slow this machine is today.
    await scene.guest.throttleDisks(false);
    await scene.guest.sh('mount -o remount,rw /data; cat /data/workset > /dev/null');
    await scene.guest.throttleDisks(true);
    // In place, so that the disk, which has no room for more, never ends the storm.
    const write = (from: string, at: number): string =>
      `while :; do dd if=${from} of=/data/workset bs=1M count=350 seek=${at} conv=notrunc 2> /dev/null; done`;
    return [
      { name: 'zero', atMs: START_MS, command: write('/dev/zero', 0) },
      { name: 'copy', atMs: START_MS, command: write('/data/workset', 380) },
      { name: 'backup', atMs: START_MS, command: 'exec stream' },
    ];
  },
  holds: (seen) =>
    expect(
      counterGrowth(seen, 'pgsteal_kswapd') + counterGrowth(seen, 'pgsteal_direct'),
      'pages reclaimed',
    ).toBeGreaterThan(2000),
};

const SWAPPED_MIB = 200;

const swapoff: BusyScene = {
  seconds: SECONDS + 10,
  temporary: ['swapoff'],
  async prepare(scene) {
    await swapOnDisk(scene);
    const group = '/sys/fs/cgroup/swapped';
    await scene.guest.throttleDisks(false);
    await scene.guest.sh(`mkdir ${group}; (echo 0 > ${group}/cgroup.procs; exec leak target=${SWAPPED_MIB}) > /dev/null 2>&1 &
      until [ $(cat ${group}/memory.current) -gt ${SWAPPED_MIB << 20} ]; do sleep 1; done
      echo ${SWAPPED_MIB - 5}M > ${group}/memory.reclaim || [ $(cat ${group}/memory.swap.current) -gt ${(SWAPPED_MIB / 2) << 20} ]`);
    await scene.guest.throttleDisks(true);
    return [{ name: 'swapoff', atMs: START_MS, command: `exec swapoff ${SWAP_DISK}` }];
  },
  holds: (seen) => expect(runNamed(seen, 'swapoff'), 'swapoff').toMatchObject({ code: 0, signal: 0 }),
};

const spin = (count: number): string => `for i in $(seq ${count}); do while :; do :; done & done; wait`;

const cpuOverload: BusyScene = {
  seconds: SECONDS,
  prepare: async () => [
    { name: 'spin', atMs: START_MS, command: spin(20) },
    { name: 'spin-nice', atMs: START_MS, command: `renice -n -10 -p $$; ${spin(10)}` },
  ],
  holds: (seen) =>
    expect(waitedS(seen, 'cpu_some'), 'seconds in which tasks waited for a CPU').toBeGreaterThan(SECONDS / 2),
};

/** What a dying disk or a volume without credit gives. */
const CRAWL = { bps: 256 * 1024, iops: 20 };

const slowDisk: BusyScene = {
  seconds: SECONDS + 10,
  async prepare(scene) {
    await scene.guest.throttleDisks(CRAWL);
    return [
      { name: 'services', atMs: START_MS, command: 'exec thrash threads=32 mib=768 random=1' },
      { name: 'backup', atMs: START_MS, command: 'exec stream' },
    ];
  },
  holds: (seen) =>
    expect(waitedS(seen, 'io_full'), 'seconds in which all waited for the disk').toBeGreaterThan(SECONDS / 2),
};

for (const [name, busy] of Object.entries({
  'a page-cache storm with dirty pages': pageCacheStorm,
  'swapoff of a used swap': swapoff,
  'CPU overload, also at nice -10': cpuOverload,
  'a disk that crawls under many readers': slowDisk,
})) {
  for (let run = 1; run <= RUNS; run++) test(`${name}: run ${run} of ${RUNS}`, () => staysQuiet(name, busy));
}
