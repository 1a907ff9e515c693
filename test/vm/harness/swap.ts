// Swap of a guest, and thrashes that have all of RAM go through it. The services run well until a hog comes whose heap,
// in use, does not fit beside them: unlike a leak that sleeps, such a heap is never gone for good once it is swapped out.
import type { Scene } from './scene.ts';
import { CALM_MS, SECOND_MS, THREADS, type Thrash } from './thrash.ts';

/** The disk that is there for it, throttled together with the others. */
export const SWAP_DISK = '/dev/vdd';
/** Less than RAM, as distributions have it (zram-generator: half of RAM). */
const ZRAM_MIB = 400;
/** What the hog uses of RAM that it does not have. */
const EXCESS_MIB = 40;
const CODE_MIB = 140;
const HEAP_MIB = 160;

export async function swapOnDisk(scene: Scene): Promise<void> {
  await scene.guest.sh(`mkswap ${SWAP_DISK} > /dev/null && swapon ${SWAP_DISK}`);
}

/** Compressed swap in memory: costs no disk, but memory and time of the CPU. */
async function swapOnZram(scene: Scene): Promise<void> {
  const zram = '/sys/block/zram0';
  await scene.guest.sh(
    `modprobe -a lzo-rle zram; echo ${ZRAM_MIB}M > ${zram}/disksize; mkswap /dev/zram0 > /dev/null && swapon /dev/zram0`,
  );
}

const thrash = (services: string, hogMiB: number): Thrash => ({
  startsMs: SECOND_MS,
  workloads: [
    { name: 'services', atMs: CALM_MS, command: services },
    { name: 'hog', atMs: SECOND_MS, command: `exec heap threads=${THREADS} mib=${hogMiB}` },
  ],
});

/** Code of services and the heap of a hog drive each other out of RAM; swap stays half empty. */
export async function swapThrash(scene: Scene): Promise<Thrash> {
  const hogMiB = (await scene.availableMiB()) + EXCESS_MIB;
  await swapOnDisk(scene);
  return thrash(`exec thrash threads=${THREADS} mib=${CODE_MIB}`, hogMiB);
}

/** Two heaps that together do not fit, nor compressed without end: no disk is involved, the CPUs do nothing else. */
export async function zramThrash(scene: Scene): Promise<Thrash> {
  const hogMiB = (await scene.availableMiB()) - EXCESS_MIB / 2;
  await swapOnZram(scene);
  return thrash(`exec heap threads=${THREADS} mib=${HEAP_MIB}`, hogMiB);
}
