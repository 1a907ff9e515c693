/** Arbitrary choices as control tells them, made of the parts that events.ts has: all that an older control does not say may be missing. */
import fc from 'fast-check';
import { EXCLUSIONS, type ProcessFacts } from '../../src/core/event.ts';
import { CHOICES, FIRST_POINTS, type RankedEvent } from '../../src/core/ranked-event.ts';

interface Parts {
  readonly hostile: fc.Arbitrary<string>;
  readonly comm: fc.Arbitrary<string>;
  readonly amount: fc.Arbitrary<number>;
  readonly facts: fc.Arbitrary<ProcessFacts>;
}

export const rankedEvents = ({ hostile, comm, amount, facts }: Parts): fc.Arbitrary<RankedEvent> => {
  const points = fc.oneof(amount, fc.constant(FIRST_POINTS));
  const weights = { policyPoints: amount, rules: fc.array(hostile, { maxLength: 10 }) };
  const places = {
    pointsPages: points,
    place: fc.nat(40),
    keptBy: fc.constantFrom('cgroup' as const, 'unit' as const),
  };
  const ranked = fc.tuple(facts, fc.record({ ...places, ...weights }, { requiredKeys: [] }));
  const reason = fc.constantFrom(...EXCLUSIONS, 'refused' as const, 'outranked' as const);
  const passedOver = fc.record(
    {
      ...{ pid: fc.nat(), comm, unit: hostile, sizeKiB: amount, oomScoreAdj: fc.integer({ min: -1000, max: 1000 }) },
      ...{ pointsPages: points, why: reason },
      ...weights,
      sharesWith: fc.record({ pid: fc.nat(), comm, why: reason, isCertain: fc.boolean() }),
    },
    { requiredKeys: ['pid', 'comm', 'unit', 'sizeKiB', 'oomScoreAdj', 'pointsPages', 'why'] },
  );
  const corrections = fc.record({
    ...{ patch: fc.integer({ min: 1, max: 6 }), id: hostile, pid: fc.nat(), comm, effect: hostile },
  });
  return fc.record(
    {
      ...{ kind: fc.constant('ranked' as const), episode: fc.nat(), scanned: fc.nat(), scanMs: amount },
      top: fc.array(
        ranked.map(([each, more]) => ({ ...each, ...more })),
        { maxLength: 12 },
      ),
      ...{ chosen: fc.nat(), choice: fc.constantFrom(...CHOICES), passedOver: fc.array(passedOver, { maxLength: 12 }) },
      excluded: fc.dictionary(fc.constantFrom(...EXCLUSIONS), fc.nat()),
      corrections: fc.array(corrections, { maxLength: 10 }),
    },
    { requiredKeys: ['kind', 'episode', 'scanned', 'scanMs', 'top', 'excluded', 'corrections'] },
  );
};
