import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSuspects,
  forgetAll,
  isKswapd,
  isStalling,
  SUSPECTS_MAX,
  type Suspects,
  takeReading,
} from '../../../src/core/stall/suspects.ts';
import { PLACES, type ThreadReading } from '../../../src/core/thread-readings.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aReading, asleepAt, KSWAPD } from './threads.ts';

const followedAfter = (...readings: readonly ThreadReading[]): Suspects => {
  const suspects = createSuspects();
  for (const reading of readings) takeReading(suspects, reading);
  return suspects;
};
const stalling = (...readings: readonly ThreadReading[]): number =>
  followedAfter(...readings).list.filter(isStalling).length;

describe('a thread stalls', () => {
  it.each<[string, (atMs: number) => ThreadReading]>([
    ['in direct reclaim, running', (atMs) => aReading(atMs)],
    ['in direct reclaim, asleep', (atMs) => aReading(atMs, { state: 'D', place: 'elsewhere' })],
    ['asleep in reclaim', (atMs) => asleepAt('reclaim', atMs)],
    ['in the throttle of memory.high', (atMs) => asleepAt('over_high', atMs)],
    ['before a mmap_lock', (atMs) => asleepAt('mmap_lock', atMs)],
    ['waiting for pages it faults in again and again', (atMs) => asleepAt('page_io', atMs, { majorFaults: atMs })],
  ])('%s, seen twice', (_, at) => {
    expect(stalling(at(1000))).toBe(0);
    expect(stalling(at(1000), at(2000))).toBe(1);
  });

  it('since it was first seen so', () => {
    expect(followedAfter(aReading(1000), aReading(2000), aReading(3000)).list[0]?.sinceMs).toBe(1000);
  });

  it('also when every other look finds it elsewhere', () => {
    const idle = (atMs: number): ThreadReading => aReading(atMs, { state: 'S', flags: 0x400000 });
    expect(stalling(aReading(1000), idle(2000), aReading(3000))).toBe(1);
  });

  it.each([
    ['that proves it counts', asleepAt('reclaim', 1500), true],
    ['that proves nothing takes nothing away', asleepAt('elsewhere', 1500), false],
  ])('a look too soon %s', (_, soon, isProven) => {
    const suspects = followedAfter(asleepAt('page_io', 1000), soon);
    expect(suspects.list).toMatchObject([{ looks: 1, lookedMs: 1000, isProven }]);
  });

  it('and is forgotten when it was elsewhere for long enough, not before', () => {
    const idle = (atMs: number): ThreadReading => aReading(atMs, { state: 'S', flags: 0x400000 });
    expect(followedAfter(aReading(1000), idle(2000)).list).toHaveLength(1);
    expect(followedAfter(aReading(1000), idle(61_000)).list).toEqual([]);
  });

  it('still when only its status could be read and it is in D', () => {
    const blind = (atMs: number): ThreadReading =>
      aReading(atMs, { state: 'D', flags: ABSENT, utimeTicks: ABSENT, majorFaults: ABSENT, startTimeTicks: ABSENT });
    const suspects = followedAfter(asleepAt('reclaim', 1000), blind(2000), blind(3000), blind(6000));
    expect(suspects.list).toMatchObject([{ sinceMs: 1000, seenMs: 6000, looks: 4, place: 'reclaim', flags: 0x400000 }]);
    expect(followedAfter(blind(1000), blind(2000)).list).toEqual([]);
  });
});

describe('a thread does not stall', () => {
  it.each<[string, readonly ThreadReading[]]>([
    ['seen twice in one moment', [aReading(1000), aReading(1899)]],
    ['that reads a file', [asleepAt('page_io', 1000), asleepAt('page_io', 2000), asleepAt('page_io', 3000)]],
    ['asleep elsewhere', [asleepAt('elsewhere', 1000), asleepAt('elsewhere', 2000)]],
    ['in D at a place that nobody tells', [asleepAt('unknown', 1000), asleepAt('unknown', 2000)]],
    [
      'that leaves and waits for its mmap_lock',
      [1000, 2000].map((at) => asleepAt('mmap_lock', at, { flags: 0x400004 })),
    ],
    ['of the kernel', [1000, 2000].map((at) => aReading(at, { flags: 0x200800 }))],
    ['of the kernel, waiting for a page', [1000, 2000].map((at) => asleepAt('page_io', at, { flags: 0x200000 }))],
    ['that has gone', [aReading(1000), aReading(2000), aReading(3000, { state: '', startTimeTicks: ABSENT })]],
    ['that gets on in user mode', [aReading(1000), aReading(2000, { utimeTicks: 311 }), aReading(2100)]],
    ['that took the number of another', [aReading(1000), aReading(2000, { startTimeTicks: 5001 })]],
    ['not seen there for more than two looks', [aReading(1000), aReading(2000), ...idles(3000, 4000, 5000)]],
  ])('%s', (_, readings) => {
    expect(stalling(...readings)).toBe(0);
  });

  it('a tenth of the time in user mode is no progress yet', () => {
    expect(stalling(aReading(1000), aReading(2000, { utimeTicks: 310 }))).toBe(1);
  });
});

function idles(...times: number[]): ThreadReading[] {
  return times.map((atMs) => aReading(atMs, { state: 'S', flags: 0x400000 }));
}

describe('what is followed', () => {
  it('is bounded', () => {
    const suspects = createSuspects();
    for (let tid = 1; tid <= SUSPECTS_MAX + 9; tid++) takeReading(suspects, aReading(1000, { tid }));
    expect(suspects.list).toHaveLength(SUSPECTS_MAX);
    takeReading(suspects, aReading(2000, { tid: 1, state: '' }));
    takeReading(suspects, aReading(2000, { tid: 5000 }));
    expect(suspects.byTid.has(5000)).toBe(true);
    expect(suspects.list).toHaveLength(SUSPECTS_MAX);
    forgetAll(suspects);
    expect([suspects.list.length, suspects.byTid.size, suspects.spare.length]).toEqual([0, 0, SUSPECTS_MAX]);
  });

  it('has kswapd from the first look on, whatever it does, and never as stalling', () => {
    const at = (atMs: number, state: string): ThreadReading =>
      aReading(atMs, { ...KSWAPD, state, utimeTicks: atMs, place: 'reclaim' });
    const suspects = followedAfter(at(1000, 'S'), at(2000, 'R'), at(3000, 'D'), at(60_000, 'S'));
    expect(suspects.list.map(isKswapd)).toEqual([true]);
    expect(suspects.list.some(isStalling)).toBe(false);
  });

  it('keeps the last context switches that were read, and proof of a look between two', () => {
    const [suspect] = followedAfter(
      asleepAt('page_io', 1000),
      aReading(1500),
      asleepAt('page_io', 2000, { switches: 40, isKillPending: true }),
      asleepAt('page_io', 3000),
    ).list;
    expect(suspect).toMatchObject({ switches: 40, isKillPending: false, isProven: true, looks: 3 });
  });

  it('is always what it says: as many as in the map, nobody twice, nobody lost, no stall without two looks', () => {
    const reading = fc.record({
      atMs: fc.nat(20_000),
      tid: fc.integer({ min: 1, max: 6 }),
      startTimeTicks: fc.constantFrom(5000, 5001, ABSENT),
      state: fc.constantFrom('', 'R', 'S', 'D', 'Z'),
      flags: fc.constantFrom(0, 0x800, 0x4, 0x200800, 0x220840, ABSENT),
      place: fc.constantFrom(...PLACES),
      utimeTicks: fc.nat(500),
      majorFaults: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), (readings) => {
        const suspects = createSuspects();
        const inOrder = readings.sort((a, b) => a.atMs - b.atMs);
        for (const each of inOrder) takeReading(suspects, aReading(each.atMs, each));
        const { list, byTid, spare } = suspects;
        expect(list.length + spare.length).toBe(SUSPECTS_MAX);
        expect(byTid.size).toBe(list.length);
        for (const suspect of list) {
          expect(byTid.get(suspect.tid)).toBe(suspect);
          expect(suspect.state).not.toBe('');
          if (isStalling(suspect)) expect(suspect.seenMs - suspect.sinceMs).toBeGreaterThanOrEqual(900);
        }
      }),
    );
  });
});
