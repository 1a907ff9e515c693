import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, test } from 'vitest';
import { emptySample } from '../../../src/core/sample.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { createLimitSampler } from '../../../src/linux/cgroup/limit-sampler.ts';
import { emptyMemoryStat, parseMemoryStat } from '../../../src/linux/cgroup/memory-stat.ts';
import { ownLimitKiB } from '../../../src/linux/cgroup/own-limit.ts';
import { createSampler } from '../../../src/linux/sampler.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { type FakeProc, fakeProc } from '../../support/fake-proc.ts';
import { pressureText } from '../../support/kernel-text.ts';

const bytes = (kib: number): string => `${kib * 1024}\n`;
const statText = (inactiveKiB: number): string =>
  `anon ${300 * MIB * 1024}\nfile ${GIB * 1024}\nshmem 4096\ninactive_file ${inactiveKiB * 1024}\nslab_reclaimable ${MIB * 1024}\nslab_unreclaimable 8192\n`;

const CONTAINER = {
  'memory.max': bytes(GIB),
  'memory.current': bytes(400 * MIB),
  'memory.stat': statText(100 * MIB),
  'memory.pressure': pressureText({ someUs: 7, fullUs: 5 }),
  'memory.swap.max': bytes(64 * MIB),
  'memory.swap.current': bytes(MIB),
};
const IN_NAMESPACE = { 'self/ns/pid': 'pid:[4026532000]' };

let proc: FakeProc;
afterEach(() => proc.remove());

const start = (cgroup: Record<string, string> = CONTAINER) => {
  proc = fakeProc({
    cgroup,
    links: IN_NAMESPACE,
    meminfo: {
      MemTotal: 256 * GIB,
      MemAvailable: 200 * GIB,
      MemFree: 100 * GIB,
      SwapTotal: 8 * GIB,
      SwapFree: 8 * GIB,
    },
  });
  const sampler = createLimitSampler(createSampler(proc.roots, libc), proc.roots.cgroup, libc);
  const read = () => {
    const sample = emptySample();
    sampler.readBasics(sample);
    return sample;
  };
  const set = (name: string, text: string): void => writeFileSync(`${proc.roots.cgroup}/${name}`, text);
  return { sampler, read, set };
};

describe('within a container', () => {
  it('what there is is the limit, and what is free is what is not in use', () => {
    const { read, sampler } = start();
    expect(read()).toMatchObject({
      memTotalKiB: GIB,
      memAvailableKiB: GIB - 400 * MIB + 101 * MIB,
      memFreeKiB: GIB - 400 * MIB,
      swapTotalKiB: 64 * MIB,
      swapFreeKiB: 63 * MIB,
      anonPagesKiB: 300 * MIB,
      shmemKiB: 4,
      slabUnreclaimableKiB: 8,
      oomScoreTotalKiB: 264 * GIB,
      memorySomeUs: 7,
      memoryFullUs: 5,
    });
    sampler.close();
  });

  it('a cache that grew up to the limit is no memory in use', () => {
    const { read, set } = start();
    set('memory.stat', statText(600 * MIB));
    set('memory.current', bytes(GIB));
    expect(read().memAvailableKiB).toBe(601 * MIB);
  });

  it('a cache that went is none that could be given back', () => {
    const { read, set } = start();
    set('memory.stat', statText(0));
    set('memory.current', bytes(GIB - 10 * MIB));
    expect(read().memAvailableKiB).toBe(11 * MIB);
  });

  it('more in use than the limit, as after it was lowered, leaves nothing', () => {
    const { read, set } = start();
    set('memory.stat', statText(0).replace(/slab_reclaimable \d+/, 'slab_reclaimable 0'));
    set('memory.current', bytes(2 * GIB));
    expect(read()).toMatchObject({ memAvailableKiB: 0, memFreeKiB: 0 });
  });

  it('the host may be shorter than the limit', () => {
    const { read } = start();
    proc.meminfo({ MemTotal: 256 * GIB, MemAvailable: 50 * MIB, MemFree: 20 * MIB });
    expect(read()).toMatchObject({ memTotalKiB: GIB, memAvailableKiB: 50 * MIB, memFreeKiB: 20 * MIB });
  });

  it('nothing is known while its use cannot be read, and the host counts once the limit is gone', () => {
    const { read, set } = start();
    set('memory.current', 'nonsense\n');
    expect(read()).toMatchObject({ memTotalKiB: GIB, memAvailableKiB: ABSENT });
    set('memory.max', 'max\n');
    expect(read()).toMatchObject({ memTotalKiB: 256 * GIB, memAvailableKiB: 200 * GIB });
  });

  it('without swap accounting the swap is that of the host', () => {
    const { 'memory.swap.max': _, 'memory.swap.current': __, ...rest } = CONTAINER;
    const { read, sampler } = start(rest);
    expect(read()).toMatchObject({ swapTotalKiB: 8 * GIB, swapFreeKiB: 8 * GIB });
    expect(sampler.sources.filter(({ isUp }) => !isUp)).toEqual([]);
  });

  it('nothing of the whole host is in it: zones, reclaim, kills', () => {
    const { sampler, read } = start();
    const sample = read();
    sampler.readDetails(sample);
    expect(sample).toMatchObject({ zoneUsablePages: ABSENT, pgscanKswapd: ABSENT, restores: ABSENT, oomKill: ABSENT });
    sampler.repair(1000);
  });
});

test.each([
  ['a container with a limit', IN_NAMESPACE, { 'memory.max': bytes(GIB) }, GIB],
  ['a container without', IN_NAMESPACE, { 'memory.max': 'max\n' }, ABSENT],
  ['a container without cgroup v2', IN_NAMESPACE, {}, ABSENT],
  ['a host', { 'self/ns/pid': 'pid:[4026531836]' }, { 'memory.max': bytes(GIB) }, ABSENT],
  ['an unknown namespace', {}, { 'memory.max': bytes(GIB) }, ABSENT],
])('the own limit of %s', (_, links, cgroup, expected) => {
  proc = fakeProc({ links, cgroup: cgroup as Record<string, string> });
  expect(ownLimitKiB(proc.roots)).toBe(expected);
});

test('memory.stat: what is cut off, no number or not known is absent', () => {
  proc = fakeProc();
  const out = emptyMemoryStat();
  const text = Buffer.from('anon 4096\nshmem x\nkernel 5\ninactive_file 81');
  parseMemoryStat(text, text.length, out);
  expect(out).toEqual({ ...emptyMemoryStat(), anonPagesKiB: 4 });
  parseMemoryStat(text, -5, out);
  expect(out).toEqual(emptyMemoryStat());
});
