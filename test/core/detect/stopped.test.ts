/** What a tick is judged by that comes long after its time: the process was stopped, and others may have acted meanwhile. */
import { describe, expect, it } from 'vitest';
import { createDetect, detect } from '../../../src/core/detect/detect.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { GIB, MIB } from '../../../src/core/units.ts';
import { DETECTED, LEVEL } from '../../../src/core/verdict.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aSample, CALM_ZONES } from '../support/samples.ts';

const THRASH = 'thrash: { window: 1s, hold: 1s, memory_full: 20%, restores: 200 }';
const POLICY = defaultPolicy(
  `detect: { term: { mem_available: 2GiB }, kill: { mem_available: 1GiB }, late: 500ms, ${THRASH} }`,
);

/** 40 % full, 800 restores and 10,000 scanned pages a second, free pages at the high watermark. */
const thrashing = (nowMs: number, tickLateMs = 0): Partial<Sample> => ({
  ...CALM_ZONES,
  memAvailableKiB: 6 * GIB,
  memorySomeUs: nowMs * 500,
  memoryFullUs: nowMs * 400,
  restores: nowMs * 0.8,
  pgscanKswapd: nowMs * 10,
  pgscanDirect: 0,
  zoneUsablePages: 24_000,
  tickLateMs,
});

const watching = () => {
  const state = createDetect();
  return (nowMs: number, sample: Partial<Sample>) => ({ ...detect(state, aSample(sample), POLICY, nowMs) });
};

describe('a tick that comes ten seconds late', () => {
  it('does not count them as a thrash that held: one that is over may have filled them', () => {
    const see = watching();
    for (let nowMs = 0; nowMs <= 600; nowMs += 100) see(nowMs, thrashing(nowMs));
    expect(see(10_700, thrashing(10_700, 10_000)).level).toBe(LEVEL.APPROACH);
    // It has to hold from here on.
    const levels = [];
    for (let nowMs = 10_800; nowMs <= 11_900; nowMs += 100) levels.push(see(nowMs, thrashing(nowMs)).level);
    expect(levels.indexOf(LEVEL.KILL)).toBe(10);
  });

  it('is no end of a leak: the first step after it is the slope', () => {
    const see = watching();
    see(0, { memAvailableKiB: 16 * GIB });
    see(100, { memAvailableKiB: 15 * GIB });
    expect(see(10_200, { memAvailableKiB: 1500 * MIB, tickLateMs: 10_000 })).toMatchObject({
      level: LEVEL.TERM,
      exhaustionMs: -1,
    });
    expect(see(10_300, { memAvailableKiB: 1300 * MIB })).toMatchObject({ level: LEVEL.TERM, exhaustionMs: 650 });
  });

  it('still kills at the kill mark: that is of now', () => {
    const see = watching();
    see(0, { memAvailableKiB: 16 * GIB });
    expect(see(10_000, { memAvailableKiB: 900 * MIB, tickLateMs: 9000 })).toMatchObject({
      level: LEVEL.KILL,
      detectors: DETECTED.MEM_AVAILABLE,
    });
  });
});

it('one tick of 4 s is late, not stopped: the window widens, the hold goes on', () => {
  const see = watching();
  for (let nowMs = 0; nowMs <= 600; nowMs += 100) see(nowMs, thrashing(nowMs));
  expect(see(4600, thrashing(4600, 4000)).level).toBe(LEVEL.KILL);
});

it('where every tick comes that late, what lies between them is judged: the host is not given up', () => {
  const see = watching();
  const levels = [0, 6000, 12_000, 18_000, 24_000].map((nowMs) => see(nowMs, thrashing(nowMs, 5900)).level);
  expect(levels.at(-1)).toBe(LEVEL.KILL);
});
