/**
 * V8 kept from asking for memory in a shortage: everything is compiled at the start, and the heap's pages are there before
 * they are needed. In a fork storm in the guest a fresh page took up to a second, and the kill path some eighty of them.
 */
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Before anything is compiled. Bytecode stays: V8 otherwise drops what was not run for a while, and the kill path is run
 * once a year. No compilers of machine code: they cost 6 MiB of RSS and work at a time of their own choosing, and a tick
 * that mostly waits for system calls is no faster with them. The unit gives the same flags and those that count only from
 * the command line.
 */
export const settleCompiler = (): void =>
  v8.setFlagsFromString('--no-flush-bytecode --no-opt --no-sparkplug --regexp-interpret-all');

/** An array of that many elements takes 1 KiB: 8 bytes each, and 32 of headers. */
const ELEMENTS_PER_KIB = 124;
const BYTES_PER_KIB = 1024;
/** Both halves, then what survives twice and is promoted, then the halves again where V8 has grown them for it. */
const FILLINGS = 6;

const youngKiB = (): number => {
  const young = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return (young?.space_size ?? 0) / BYTES_PER_KIB;
};

/**
 * The young generation is reserved, and each page of it comes from the kernel when it is first written to. Garbage writes to
 * all of them: 12 MiB, 5 ms. V8's own figure of what is there (physical_space_size) says all before it is. Without
 * --predictable V8 gives half of them back with each collection of a process that allocates less than 1,000 bytes a
 * millisecond (src/heap/heap.cc of 11.3, Heap::ReduceNewSpaceSize()), which is what a quiet daemon does; the flag must not be
 * set later than at the start.
 */
const fillYoungGeneration = (): void => {
  let garbage: number[] = [];
  for (let times = 0; times < FILLINGS; times++) {
    const kib = youngKiB();
    for (let at = 0; at < kib; at++) garbage = new Array<number>(ELEMENTS_PER_KIB).fill(at + garbage.length);
  }
};

/** V8 put 270 KiB into the old generation in the half minute of an incident, and some of it twice. */
const OLD_KIB = 384;
/** One in 64 KiB stays, so that none of V8's pages of 256 KiB is empty, and given back. */
const KEPT_OF = 64;
const kept: number[][] = [];

type Collect = (options?: { type: 'minor' }) => void;

/**
 * Code that runs for its first few times, as most of the kill path does in an incident, leaves feedback vectors, hidden classes
 * and handlers in the old generation. They find room among garbage there, on pages that have been written to.
 */
const reserveOldGeneration = (collect: Collect): void => {
  const garbage: number[][] = [];
  for (let at = 0; at < OLD_KIB; at++) garbage.push(new Array<number>(ELEMENTS_PER_KIB).fill(at));
  // What has survived twice is old.
  for (let times = 0; times < 2; times++) collect({ type: 'minor' });
  for (let at = 0; at < OLD_KIB; at += KEPT_OF) kept.push(garbage[at] as number[]);
  garbage.length = 0;
  v8.setFlagsFromString('--no-compact');
  collect();
};

/**
 * After start-up: what loading and rehearsing left behind goes now, and not in a full collection that V8 would start by
 * itself later. What is allocated from then on finds its pages there.
 */
export const settleHeap = (): void => {
  // Good for starting, and from here on a reason for V8 to collect all in calm and in trouble, and to give the young
  // generation's pages back each time.
  v8.setFlagsFromString('--no-optimize-for-size');
  v8.setFlagsFromString('--compact-on-every-full-gc --expose-gc');
  // Without arguments: V8 of Node.js 20 takes any object for "only the young generation".
  const collect = runInNewContext('gc') as Collect;
  collect();
  v8.setFlagsFromString('--no-compact-on-every-full-gc');
  reserveOldGeneration(collect);
  fillYoungGeneration();
};
