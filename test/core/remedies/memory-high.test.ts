/** memory.high of a cgroup that stands because of it: raised as far as the host can spare, and put back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EFFECT_MS } from '../../../src/core/remedies/follow.ts';
import { liftedKiB } from '../../../src/core/remedies/memory-high.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { aRow, came, following, policyOf } from './support.ts';

const STANDS = { throttled: '/slow', cgroups: [aRow({ path: '/other' }), aRow()] };
/** Of 8 GiB 25 % stay: 4 GiB of 6 can be spared. */
const LIFTED = 20 * MIB + 4 * GIB;

describe('a cgroup that its memory.high holds up', () => {
  it('gets what the host can spare when the verdict has held', () => {
    const { at, asked, events } = following();
    expect(at(1000, STANDS)).toEqual([]);
    expect(at(2999, STANDS)).toEqual([]);
    expect(at(3000, STANDS)).toEqual(['before lift_memory_high /slow', 'asks lift_memory_high']);
    expect(asked[0]).toMatchObject({ object: '/slow', fromKiB: 20 * MIB, toKiB: LIFTED, pid: ABSENT, dryRun: false });
    expect(events[0]).toMatchObject({
      ...{
        oldValue: String(20 * MIB * 1024),
        newValue: String(LIFTED * 1024),
        detail: 'memory.high hit 30 times a second, all tasks waited 90 % of the time',
      },
    });
  });

  it.each([
    ['is off', policyOf({ liftMemoryHigh: false }), STANDS],
    ['does not stand', policyOf(), { ...STANDS, throttled: '' }],
    ['is not known', policyOf(), { ...STANDS, cgroups: [] }],
    ['has no limit', policyOf(), { ...STANDS, cgroups: [aRow({ highKiB: ABSENT })] }],
  ])('is left alone when it %s', (_, policy, turn) => {
    const { at } = following([], policy);
    expect([...at(1000, turn), ...at(90_000, turn)]).toEqual([]);
  });

  it('begins to count anew when the verdict goes, or is about another', () => {
    const { at } = following();
    at(1000, STANDS);
    at(2500, STANDS);
    at(2600, {});
    at(2700, STANDS);
    expect(at(4600, STANDS)).toEqual([]);
    expect(at(4700, STANDS)).toHaveLength(2);
  });

  it('moves again, or does not: told after 5 s', () => {
    for (const [turn, effect] of [
      [{}, 'stall_over'],
      [STANDS, 'stall_goes_on'],
    ] as const) {
      const { at } = following();
      at(0, STANDS);
      at(2000, STANDS);
      expect(at(2010, { ...STANDS, remedied: [came(1)] })).toEqual(['after lift_memory_high /slow done']);
      expect(at(2009 + EFFECT_MS, turn)).toEqual([]);
      expect(at(2010 + EFFECT_MS, turn)).toEqual([`effect lift_memory_high /slow done ${effect}`]);
    }
  });

  it('is not touched while the host is short, which is told once', () => {
    const { at, events } = following();
    const short = { ...STANDS, sample: { memAvailableKiB: 2 * GIB + 15 * MIB } };
    at(0, short);
    expect(at(2000, short)).toEqual(['withheld lift_memory_high /slow']);
    expect(events[0]).toMatchObject({ oldValue: String(20 * MIB * 1024), detail: 'the host can spare 15 MiB' });
    expect(at(3000, short)).toEqual([]);
    expect(at(4000, STANDS)).toHaveLength(2);
  });

  it('waits while another remedy is under way', () => {
    const { at } = following();
    at(0, STANDS);
    expect(at(2000, STANDS)).toHaveLength(2);
    const other = { ...STANDS, throttled: '/other' };
    at(2100, other);
    expect(at(4200, other)).toEqual([]);
  });

  it('what was given to another one is not given again', () => {
    const { at, asked } = following();
    const other = { throttled: '/other', cgroups: STANDS.cgroups };
    at(0, STANDS);
    at(2000, STANDS);
    at(2010, { ...other, remedied: [came(1)] });
    expect(at(4010, other)).toEqual(['withheld lift_memory_high /other']);
    at(5000, { ...other, sample: { memAvailableKiB: 7 * GIB } });
    expect(asked[1]).toMatchObject({ object: '/other', toKiB: 20 * MIB + GIB });
  });
});

describe('the limit that it gets', () => {
  it.each([
    ['all that can be spared, above what it has', aRow({ currentKiB: 30 * MIB }), 100 * MIB, 130 * MIB],
    ['not above memory.max', aRow({ maxKiB: 64 * MIB }), 100 * MIB, 64 * MIB],
    ['none when memory.max binds already', aRow({ maxKiB: 20 * MIB }), 100 * MIB, ABSENT],
    ['none for less than 16 MiB', aRow(), 16 * MIB - 1, ABSENT],
    ['none for less than an eighth of it', aRow({ highKiB: 8 * GIB }), GIB - 1, ABSENT],
    ['in whole pages of 64 KiB', aRow({ currentKiB: 20 * MIB + 5 }), 100 * MIB + 30, 120 * MIB],
  ])('%s', (_, row, spareKiB, expected) => expect(liftedKiB(row, spareKiB)).toBe(expected));

  it('is never more than the host can spare, never below what it was', () => {
    const amount = fc.integer({ min: 1, max: 64 * GIB });
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: -GIB, max: 64 * GIB }), (highKiB, currentKiB, spareKiB) => {
        const toKiB = liftedKiB(aRow({ highKiB, currentKiB }), spareKiB);
        if (toKiB === ABSENT) return;
        expect(toKiB).toBeGreaterThan(highKiB);
        expect(toKiB - Math.max(highKiB, currentKiB)).toBeLessThanOrEqual(spareKiB);
      }),
    );
  });
});

describe('a raised limit', () => {
  const lifted = () => {
    const all = following();
    all.at(0, STANDS);
    all.at(2000, STANDS);
    all.at(2010, { remedied: [came(1)] });
    all.at(8000);
    return all;
  };

  it('is looked at every 30 s, which nobody hears of, and put back when the cgroup is well below the old one', () => {
    const { at, asked } = lifted();
    expect(at(32_009)).toEqual([]);
    expect(at(32_010)).toEqual(['asks restore_memory_high (dry)']);
    expect(at(32_020, { remedied: [came(2, { result: 'not_yet' })] })).toEqual([]);
    expect(at(62_010)).toEqual(['asks restore_memory_high (dry)']);
    expect(at(62_020, { remedied: [came(3, { result: 'observed' })] })).toEqual([
      'before restore_memory_high /slow',
      'asks restore_memory_high',
    ]);
    expect(asked.at(-1)).toMatchObject({ fromKiB: LIFTED, toKiB: 20 * MIB, belowKiB: 16 * MIB });
    expect(at(62_030, { remedied: [came(4)] })).toEqual(['after restore_memory_high /slow done']);
    expect([...at(63_000), ...at(100_000), ...at(200_000)]).toEqual([]);
  });

  it.each(['changed', 'refused'] as const)('is forgotten when somebody else has it by now (%s)', (result) => {
    const { at, remedies } = lifted();
    at(32_010);
    expect(at(32_020, { remedied: [came(2, { result })] })).toEqual([]);
    expect(remedies.lifted).toEqual([]);
  });

  it('is looked at again when the cgroup has grown between the look and the write', () => {
    const { at } = lifted();
    at(32_010);
    at(32_020, { remedied: [came(2, { result: 'observed' })] });
    expect(at(32_030, { remedied: [came(3, { result: 'not_yet' })] })).toEqual([
      'after restore_memory_high /slow not_yet',
    ]);
    expect(at(62_010)).toEqual(['asks restore_memory_high (dry)']);
  });

  it('no further look is begun while one hangs', () => {
    const { at } = lifted();
    at(32_010);
    at(37_010, { remedied: [came(2, { result: 'hung' })] });
    expect([...at(62_010), ...at(100_000)]).toEqual([]);
  });

  it('is not put back while another remedy is under way: at the next look', () => {
    const { at } = lifted();
    const other = {
      throttled: '/other',
      cgroups: STANDS.cgroups,
      sample: { memAvailableKiB: 7.9 * GIB },
    };
    at(30_010, other);
    expect(at(32_010, other)).toEqual([
      'before lift_memory_high /other',
      'asks lift_memory_high',
      'asks restore_memory_high (dry)',
    ]);
    expect(at(32_020, { ...other, remedied: [came(3, { result: 'observed' })] })).toEqual([]);
    at(32_030, { remedied: [came(2)] });
    expect(at(62_010)).toContain('asks restore_memory_high (dry)');
  });

  it('raised once more goes back to what it was at first', () => {
    const { at, asked, remedies } = lifted();
    const again = {
      throttled: '/slow',
      cgroups: [aRow({ highKiB: LIFTED, currentKiB: LIFTED })],
      sample: { memAvailableKiB: 7.9 * GIB },
    };
    for (let nowMs = 9000; nowMs < 700_000; nowMs += 1000) {
      const look = asked.at(-1);
      const ends = look?.dryRun === true ? [came(look.serial, { result: 'not_yet' })] : [];
      at(nowMs, { ...again, remedied: ends });
    }
    const [second] = asked.filter(({ kind, serial }) => kind === 'lift_memory_high' && serial > 1);
    expect(second).toMatchObject({ fromKiB: LIFTED });
    at(700_000, { remedied: [came(second?.serial ?? 0)] });
    expect(remedies.lifted).toMatchObject([{ path: '/slow', oldKiB: 20 * MIB, newKiB: second?.toKiB }]);
  });
});
