import { describe, expect, it } from 'vitest';
import { createDetect, detect, seemsThrashing, wantsOwnLimits } from '../../../src/core/detect/detect.ts';
import type { Policy } from '../../../src/core/policy.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { DETECTED, LEVEL } from '../../../src/core/verdict.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aSample, CALM_ZONES } from '../support/samples.ts';

const MARKS = 'term: { mem_available: 2GiB }, kill: { mem_available: 1GiB }';
const thrashAt = (policy: Policy, differences: Partial<Policy['detect']['thrash']> = {}): Policy => {
  const numbers = { enabled: true, windowMs: 1000, holdMs: 1000, fullPermyriad: 2000, restoresPerS: 200 };
  return { ...policy, detect: { ...policy.detect, thrash: { ...policy.detect.thrash, ...numbers, ...differences } } };
};
const POLICY = thrashAt(defaultPolicy(`detect: { ${MARKS}, forecast: 250ms, late: 500ms }`));

const watching = (policy: Policy = POLICY) => {
  const state = createDetect();
  return {
    state,
    see: (nowMs: number, sample: Partial<Sample>) => ({ ...detect(state, aSample(sample), policy, nowMs) }),
  };
};
const available = (mib: number): Partial<Sample> => ({ memAvailableKiB: mib * MIB });

describe('levels', () => {
  it.each([
    ['far above the mark', 18 * 1024, LEVEL.CALM, 0],
    ['just above twice the mark', 4097, LEVEL.CALM, 0],
    ['within twice the mark', 4096, LEVEL.APPROACH, 0],
    ['at the term mark', 2048, LEVEL.TERM, DETECTED.MEM_AVAILABLE],
    ['just above the kill mark', 1025, LEVEL.TERM, DETECTED.MEM_AVAILABLE],
    ['at the kill mark', 1024, LEVEL.KILL, DETECTED.MEM_AVAILABLE],
  ])('%s', (_, mib, level, detectors) => {
    expect(watching().see(0, available(mib))).toMatchObject({ level, detectors });
  });

  it('say which mark it was where there is swap', () => {
    const policy = defaultPolicy('detect: { combine: or }');
    const swap = { swapTotalKiB: 8 * GIB, swapFreeKiB: 0 };
    expect(watching(policy).see(0, swap).detectors).toBe(DETECTED.SWAP_FREE);
    expect(watching(policy).see(0, { ...swap, ...available(10) }).detectors).toBe(
      DETECTED.SWAP_FREE | DETECTED.MEM_AVAILABLE,
    );
  });

  it('cannot be raised by memory that was not read', () => {
    expect(watching().see(0, { memAvailableKiB: ABSENT }).level).toBe(LEVEL.CALM);
  });

  it('approach while exhaustion is less than ten seconds away', () => {
    const { see } = watching();
    const levels: number[] = [];
    // 2 GiB a second: 8.8 s from the end at first, less by the tenth of a second.
    for (let nowMs = 0; nowMs <= 1000; nowMs += 100) levels.push(see(nowMs, available(18_000 - nowMs * 2)).level);
    expect(levels[1]).toBe(LEVEL.CALM);
    expect(levels.at(-1)).toBe(LEVEL.APPROACH);
  });

  it('do not approach for one burst, however fast: the slope is averaged', () => {
    const { see } = watching();
    see(0, available(18_000));
    expect(see(20, available(17_900))).toMatchObject({ level: LEVEL.CALM, exhaustionMs: 3580 });
  });

  it('stay near for five seconds after the last sign: each step in between is not news', () => {
    const { see } = watching();
    see(90_000, available(4000));
    expect(see(90_100, available(18_000)).level).toBe(LEVEL.APPROACH);
    expect(see(94_999, available(18_000)).level).toBe(LEVEL.APPROACH);
    expect(see(95_000, available(18_000)).level).toBe(LEVEL.CALM);
  });

  it('approach when a tick was late', () => {
    expect(watching().see(0, { tickLateMs: 499 }).level).toBe(LEVEL.CALM);
    expect(watching().see(0, { tickLateMs: 500 }).level).toBe(LEVEL.APPROACH);
  });

  it('approach at twice a mark that is a share of memory', () => {
    const policy = defaultPolicy('detect: { term: { mem_available: 10% } }');
    expect(watching(policy).see(0, available(24 * 204)).level).toBe(LEVEL.APPROACH);
    expect(watching(policy).see(0, available(24 * 205)).level).toBe(LEVEL.CALM);
  });
});

describe('headroom', () => {
  it('is what is left above the term mark, negative below it', () => {
    expect(watching().see(0, available(3000)).headroomKiB).toBe(952 * MIB);
    expect(watching().see(0, available(2000)).headroomKiB).toBe(-48 * MIB);
  });

  it('is all of available memory when the mark is off', () => {
    const off = defaultPolicy('detect: { combine: or, term: { mem_available: off }, kill: { mem_available: off } }');
    expect(watching(off).see(0, available(3000)).headroomKiB).toBe(3000 * MIB);
  });
});

describe('the forecast', () => {
  it('makes SIGTERM a SIGKILL when memory will be gone before anybody could leave', () => {
    const { see } = watching();
    see(0, available(2500));
    expect(see(100, available(2000))).toMatchObject({
      level: LEVEL.TERM,
      detectors: DETECTED.MEM_AVAILABLE,
      exhaustionMs: 400,
    });
    expect(see(200, available(1200))).toMatchObject({
      level: LEVEL.KILL,
      detectors: DETECTED.MEM_AVAILABLE | DETECTED.FORECAST,
      exhaustionMs: 150,
    });
  });

  it('counts when exhaustion is as near as that, to the millisecond', () => {
    for (const [left, level] of [
      [1250, LEVEL.KILL],
      [1255, LEVEL.TERM],
    ] as const) {
      const { see } = watching();
      see(0, available(left + 500));
      expect(see(100, available(left))).toMatchObject({ level, exhaustionMs: left / 5 });
    }
  });

  it('does nothing above the term mark', () => {
    const { see } = watching();
    see(0, available(18_000));
    expect(see(100, available(6000))).toMatchObject({ level: LEVEL.APPROACH, detectors: 0, exhaustionMs: 50 });
  });

  it('leaves SIGTERM a chance on a small host when one huge page goes during the scan', () => {
    const { see } = watching(
      defaultPolicy('detect: { term: { mem_available: 102MiB }, kill: { mem_available: 51MiB } }'),
    );
    see(0, available(110));
    see(100, available(103));
    expect(see(200, available(101)).level).toBe(LEVEL.TERM);
    expect(see(202, available(99)).level).toBe(LEVEL.TERM);
  });

  it('is turned off by 0ms', () => {
    const { see } = watching(defaultPolicy(`detect: { ${MARKS}, forecast: 0ms }`));
    see(0, available(6000));
    expect(see(100, available(1500)).level).toBe(LEVEL.TERM);
  });
});

/** File-page thrash: 40 % full, 800 restores and 10,000 scanned pages a second, free pages at the high watermark. */
const thrashing = (nowMs: number, differences: Partial<Sample> = {}): Partial<Sample> => ({
  ...CALM_ZONES,
  memAvailableKiB: 6 * GIB,
  memorySomeUs: nowMs * 500,
  memoryFullUs: nowMs * 400,
  restores: nowMs * 0.8,
  pgscanKswapd: nowMs * 9,
  pgscanDirect: nowMs,
  zoneUsablePages: 24_000,
  ...differences,
});

describe('the thrash verdict', () => {
  const levels = (differences: Partial<Sample>, policy = POLICY): number[] => {
    const { see } = watching(policy);
    const seen: number[] = [];
    for (let nowMs = 0; nowMs <= 3000; nowMs += 100) {
      const { level, detectors } = see(nowMs, thrashing(nowMs, differences));
      if (detectors === DETECTED.THRASH || detectors === 0) seen.push(level);
    }
    return [...new Set(seen)];
  };

  it('comes with a quarter of memory available, after it has held', () => {
    const { see } = watching();
    let first: number = ABSENT;
    for (let nowMs = 0; nowMs <= 3000 && first === ABSENT; nowMs += 100) {
      if (see(nowMs, thrashing(nowMs)).level === LEVEL.KILL) first = nowMs;
    }
    // Signs from the second reading on, then one second of holding.
    expect(first).toBe(1100);
  });

  it('comes when reclaim keeps the cores busy and few stalls are full, after twice the time', () => {
    const { see } = watching();
    let first: number = ABSENT;
    for (let nowMs = 0; nowMs <= 5000 && first === ABSENT; nowMs += 100) {
      const busily = { memorySomeUs: nowMs * 900, memoryFullUs: nowMs * 150 };
      if (see(nowMs, thrashing(nowMs, busily)).level === LEVEL.KILL) first = nowMs;
    }
    expect(first).toBe(2100);
  });

  /** When it comes on a host that has so much at first and loses so much a millisecond, and stalls from then on, all tasks 4 %. */
  const firstAt = (memAvailableKiB: number, lossKiBPerMs = 0, fromMs = 0, fullUsPerMs = 40): number => {
    const { see } = watching();
    for (let nowMs = 0; nowMs <= 8000; nowMs += 100) {
      const stalledMs = Math.max(0, nowMs - fromMs);
      const hog = { memorySomeUs: stalledMs * 1000, memoryFullUs: stalledMs * fullUsPerMs };
      const available = { memAvailableKiB: memAvailableKiB - lossKiBPerMs * nowMs };
      if (see(nowMs, thrashing(nowMs, { ...hog, ...available })).level === LEVEL.KILL) return nowMs;
    }
    return ABSENT;
  };

  it('comes with a sixth of full stalls within twice the term mark, where a hog that runs takes the last page cache', () => {
    expect([firstAt(4 * GIB), firstAt(4 * GIB + MIB)]).toEqual([2100, ABSENT]);
  });

  it('comes after half of that time when memory is at its end within 5 s', () => {
    expect(firstAt(4 * GIB, MIB)).toBe(1100);
    expect(firstAt(4 * GIB, 0.1 * MIB), 'in 40 s').toBe(2100);
  });

  it('asks of the last half of the window near the mark, whether some task waits', () => {
    const stalledFrom = (memAvailableKiB: number): number => firstAt(memAvailableKiB, 0, 3000, 150) - 3000;
    // 80 % of half a second, and of a second; both hold for two.
    expect([stalledFrom(4 * GIB), stalledFrom(5 * GIB)]).toEqual([2400, 2800]);
  });

  it('is SIGKILL at once: who thrashes cannot run a handler', () => {
    expect(levels({})).toEqual([LEVEL.CALM, LEVEL.APPROACH, LEVEL.KILL]);
  });

  it('never comes from one memcg at its limit, for which the host scans nothing', () => {
    expect(levels({ pgscanKswapd: 1700, pgscanDirect: 20 })).toEqual([LEVEL.CALM]);
  });

  it('needs the signs without a break', () => {
    const { see } = watching();
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 100) {
      const broken = nowMs % 900 === 0 ? { zoneUsablePages: 400_000 } : {};
      expect(see(nowMs, thrashing(nowMs, broken)).level).toBeLessThan(LEVEL.TERM);
    }
  });

  it('comes without PSI when our own ticks are late', () => {
    expect(levels({ memoryFullUs: ABSENT, memorySomeUs: ABSENT })).not.toContain(LEVEL.KILL);
    expect(levels({ memoryFullUs: ABSENT, memorySomeUs: ABSENT, tickLateMs: 600 })).toContain(LEVEL.KILL);
  });

  it('is off when it is turned off', () => {
    expect(levels({}, thrashAt(POLICY, { enabled: false }))).toEqual([LEVEL.CALM]);
  });

  it('adds to the marks', () => {
    const { see } = watching();
    for (let nowMs = 0; nowMs < 2000; nowMs += 100) see(nowMs, thrashing(nowMs));
    const { detectors } = see(2000, thrashing(2000, { memAvailableKiB: 1536 * MIB }));
    expect(detectors).toBe(DETECTED.THRASH | DETECTED.MEM_AVAILABLE);
  });
});

describe('the details', () => {
  it('are wanted for the first tick, and not while it stays calm', () => {
    const { state, see } = watching();
    expect(state.wantsDetails).toBe(true);
    see(0, { memorySomeUs: 700 });
    expect(state.wantsDetails).toBe(false);
    see(1000, { memorySomeUs: 700 });
    expect(state.wantsDetails).toBe(false);
  });

  it.each([
    ['stall time that grows', { memorySomeUs: 701 }],
    ['no PSI to tell', { memorySomeUs: ABSENT }],
  ])('are wanted with %s', (_, sample) => {
    const { state, see } = watching();
    see(0, { memorySomeUs: 700 });
    see(1000, sample);
    expect(state.wantsDetails).toBe(true);
  });
});

describe('whose pages come back', () => {
  it('is asked while free pages stand near the watermarks and all tasks stall for a twentieth of the time', () => {
    const { state } = watching();
    expect(wantsOwnLimits(state)).toBe(false);
    Object.assign(state.signs, { nearWatermark: true, fullPermyriad: 499 });
    expect(wantsOwnLimits(state)).toBe(false);
    Object.assign(state.signs, { fullPermyriad: 500 });
    expect(wantsOwnLimits(state)).toBe(true);
    Object.assign(state.signs, { nearWatermark: false });
    expect(wantsOwnLimits(state)).toBe(false);
  });

  it.each([
    ['all stall', {}],
    ['reclaim keeps the cores busy', { memorySomeUs: 900, memoryFullUs: 150 }],
  ])('is asked more often from the first sign of a thrash on: %s', (_, perMs) => {
    const { state, see } = watching();
    for (let nowMs = 0; nowMs <= 1000; nowMs += 100) {
      const stalls = Object.entries(perMs).map(([counter, us]) => [counter, us * nowMs]);
      see(nowMs, { ...thrashing(nowMs), ...Object.fromEntries(stalls) });
    }
    expect(seemsThrashing(state)).toBe(true);
    see(1100, { memAvailableKiB: 18 * GIB });
    expect(seemsThrashing(state)).toBe(false);
  });
});
