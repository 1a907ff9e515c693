/** The page that control and standby share: what one writes, the other reads, and never do both act at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESCUE_OUTCOMES } from '../../src/core/own-process-event.ts';
import * as page from '../../src/standby/page.ts';

/** KiB. */
const TIB = 1024 ** 3;

const fresh = (): Int32Array => new Int32Array(1024);

const deed = (differences: Partial<page.Deed> = {}): page.Deed => ({
  outcome: 'killed',
  slot: 3,
  generation: 8,
  pid: 4711,
  sizeKiB: 300_000,
  isCompanion: false,
  errno: 0,
  atMs: 77,
  lateMs: 2100,
  memAvailableKiB: 20_000,
  comm: 'leak',
  ...differences,
});

const beat = (differences: Partial<page.Heartbeat>): page.Heartbeat => ({
  ...{ dueMs: 0, mayAct: true, killsLeft: 1, waitUntilMs: 0, memAvailableKiB: 128, isWithinLimits: false },
  ...differences,
});

describe('the heartbeat', () => {
  it('says what control promised, by differences of times', () => {
    const words = fresh();
    page.beginTurn(words, 0);
    page.endTurn(
      words,
      beat({ dueMs: 5000, killsLeft: 9, waitUntilMs: 6000, memAvailableKiB: 5 * TIB, isWithinLimits: true }),
    );
    expect(page.turnsOf(words)).toBe(1);
    expect([page.overdueMs(words, 4900), page.overdueMs(words, 7100)]).toEqual([-100, 2100]);
    expect(page.waitMs(words, 5500)).toBe(500);
    expect([page.mayAct(words), page.killsLeft(words), page.lastAvailableKiB(words)]).toEqual([true, 9, 5 * TIB]);
    expect(page.isWithinLimits(words)).toBe(true);
    page.endTurn(words, beat({ dueMs: 1 }));
    expect(page.isWithinLimits(words)).toBe(false);
  });

  it('counts from the beginning of a turn that has not ended', () => {
    const words = fresh();
    page.beginTurn(words, 0);
    page.endTurn(words, beat({ dueMs: 1000 }));
    expect(page.overdueMs(words, 60_000), 'away').toBe(59_000);
    page.beginTurn(words, 60_000);
    expect([page.overdueMs(words, 60_010), page.endsOf(words)], 'back, and busy').toEqual([10, 1]);
    expect(page.overdueMs(words, 65_000), 'or hanging').toBe(5000);
  });

  it('survives the wrap of the clock after 24 days', () => {
    const words = fresh();
    const due = (0x7fff_ffff + 10) | 0;
    page.beginTurn(words, 0x7fff_ffff);
    page.endTurn(words, beat({ dueMs: due, waitUntilMs: due }));
    expect(page.overdueMs(words, 0x7fff_ffff)).toBe(-10);
    expect(page.overdueMs(words, (0x7fff_ffff + 2010) | 0)).toBe(2000);
  });
});

describe('a shot', () => {
  it('is called off when control has begun a turn since standby looked', () => {
    const words = fresh();
    page.beginTurn(words, 0);
    const turns = page.turnsOf(words);
    page.beginTurn(words, 0);
    expect(page.claim(words, turns, 50)).toBe(false);
    expect(page.isClaimed(words, 50)).toBe(false);
  });

  it('is seen by a turn that begins in the middle of it, for a second at most', () => {
    const words = fresh();
    page.beginTurn(words, 0);
    expect(page.claim(words, page.turnsOf(words), 50)).toBe(true);
    page.beginTurn(words, 0);
    expect([page.isClaimed(words, 51), page.isClaimed(words, 1050)]).toEqual([true, false]);
    page.unclaim(words);
    expect(page.isClaimed(words, 51)).toBe(false);
  });
});

describe('deeds', () => {
  it('are read once, oldest first', () => {
    const words = fresh();
    page.record(words, deed());
    page.record(words, deed({ outcome: 'refused', pid: 9, errno: 1, isCompanion: true, comm: 'a name of 15 by' }));
    expect(page.deedsSince(words, 0)).toEqual([
      deed(),
      deed({ outcome: 'refused', pid: 9, errno: 1, isCompanion: true, comm: 'a name of 15 by' }),
    ]);
    page.record(words, deed({ outcome: 'nobody', slot: -1, generation: -1, pid: -1, comm: '' }));
    expect(page.deedsSince(words, 2)).toEqual([
      deed({ outcome: 'nobody', slot: -1, generation: -1, pid: -1, comm: '' }),
    ]);
    expect(page.deedsSince(words, page.deedsOf(words))).toEqual([]);
  });

  it('come back as they were, the last 32 of however many, and leave the heartbeat alone', () => {
    const int = fc.integer({ min: -1, max: 0x7fff_ffff });
    const comm = fc.string({
      maxLength: 15,
      unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
    });
    const any = fc.record({
      ...{ outcome: fc.constantFrom(...RESCUE_OUTCOMES), isCompanion: fc.boolean(), comm },
      ...{ slot: int, generation: int, pid: int, sizeKiB: int, errno: int, atMs: int, lateMs: int },
      memAvailableKiB: int,
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 80 }), (deeds) => {
        const words = fresh();
        page.endTurn(words, beat({ dueMs: 1, killsLeft: 2, waitUntilMs: 3 }));
        for (const each of deeds) page.record(words, each);
        expect(page.deedsSince(words, 0)).toEqual(deeds.slice(-32));
        expect([...words.subarray(1, 6)]).toEqual([1, 1, 2, 3, 2]);
      }),
      { numRuns: 50 },
    );
  });
});
