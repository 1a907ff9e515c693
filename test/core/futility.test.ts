/** Killing that cannot help: memory that no death returns. */
import { describe, expect, it } from 'vitest';
import { createCalm, futilityOf, futilityText, noteCalm } from '../../src/core/futility.ts';
import { emptyObservations } from '../../src/core/observations.ts';
import type { TickOutput } from '../../src/core/output.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import type { Sample } from '../../src/core/sample.ts';
import { createState } from '../../src/core/state.ts';
import { tick } from '../../src/core/tick.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const MARKS = 'mode: enforce\ndetect: { term: { mem_available: 2GiB }, kill: { mem_available: 1GiB } }';
const POLICY = defaultPolicy(MARKS);
const NO_CALM = createCalm();
/** 512 MiB are missing at the kill mark, and the memory is in tmpfs. */
const FULL_TMPFS = { memAvailableKiB: 512 * MIB, shmemKiB: 20 * GIB, swapTotalKiB: 0, swapFreeKiB: 0 };
const SMALL: Partial<Row> = { rssKiB: 200 * MIB, rssAnonKiB: 200 * MIB };

const chosen = (sample: Partial<Sample>, table: ProcessTable, policy = POLICY, state = createState(16)) => {
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const inputs = { kernel: [], kernelSlots: [], sights: [], reaped: [], examined: [], exited: [] };
  tick(state, { ...inputs, sample: aSample(sample), table, observed: emptyObservations() }, policy, 1000, out);
  const reasons = out.events.flatMap((event) =>
    event.kind === 'no_action' ? [`${event.reason}: ${event.detail}`] : [],
  );
  return { shots: out.intents.filter(({ kind }) => kind === 'signal').length, reasons, state };
};

describe('a shortage that killing cannot end', () => {
  it('has nobody killed, and says who has the memory', () => {
    const { shots, reasons, state } = chosen(FULL_TMPFS, tableOf([SMALL, SMALL]));
    expect(shots).toBe(0);
    expect(reasons).toEqual([
      'futile: all that may be killed would return 400 MiB of 512 MiB needed; tmpfs and shared memory 20480 MiB (df -t tmpfs; ipcs -m)',
    ]);
    expect(state.nobodyMs).toBe(1000);
  });

  it('is none as soon as what may be killed would do', () => {
    expect(chosen(FULL_TMPFS, tableOf([SMALL, SMALL, SMALL])).shots).toBe(1);
  });

  it('is no reason any more once somebody is chosen: what the livelock is told by is of now', () => {
    const { state } = chosen(FULL_TMPFS, tableOf([SMALL, SMALL]));
    expect(state.noAction).toBe('futile');
    expect(chosen(FULL_TMPFS, tableOf([SMALL, SMALL, SMALL]), POLICY, state).shots).toBe(1);
    expect(state.noAction).toBeNull();
  });

  it('is none while nobody knows where the memory is', () => {
    expect(chosen({ ...FULL_TMPFS, shmemKiB: ABSENT }, tableOf([SMALL])).shots).toBe(1);
  });

  it('is judged by the mark that demands the kill', () => {
    const table = tableOf([SMALL, SMALL, SMALL]);
    const sample = { ...FULL_TMPFS, memAvailableKiB: 1.5 * GIB };
    expect(chosen(sample, table).shots).toBe(1);
    expect(chosen({ ...sample, memAvailableKiB: 1.2 * GIB }, table).reasons[0]).toMatch(/^futile/);
  });

  it('is not looked for when that is switched off, or by thrash alone', () => {
    const table = tableOf([SMALL]);
    expect(chosen(FULL_TMPFS, table, defaultPolicy(`${MARKS}\nact: { futility: false }`)).shots).toBe(1);
    const { state } = chosen(FULL_TMPFS, table);
    const ample = aSample({ ...FULL_TMPFS, memAvailableKiB: 3 * GIB });
    expect(futilityOf(state.ranking, table, ample, POLICY, LEVEL.KILL, NO_CALM, [])).toBeNull();
    const blind = aSample({ ...FULL_TMPFS, memAvailableKiB: ABSENT });
    expect(futilityOf(state.ranking, table, blind, POLICY, LEVEL.KILL, NO_CALM, [])).toBeNull();
    const unmarked = defaultPolicy(
      'detect: { combine: or, term: { mem_available: off }, kill: { mem_available: off } }',
    );
    expect(futilityOf(state.ranking, table, aSample(FULL_TMPFS), unmarked, LEVEL.KILL, NO_CALM, [])).toBeNull();
  });

  it('is left by either mark with swap, or has to leave both, as the marks are combined', () => {
    const table = tableOf([SMALL]);
    const { state } = chosen(FULL_TMPFS, table);
    const marks = (combine: string) =>
      defaultPolicy(`detect: { combine: ${combine}, kill: { mem_available: 1GiB, swap_free: 1GiB } }`);
    const judged = (combine: string, swapFreeKiB: number) => {
      const sample = aSample({ ...FULL_TMPFS, swapTotalKiB: 8 * GIB, swapFreeKiB });
      return futilityOf(state.ranking, table, sample, marks(combine), LEVEL.KILL, NO_CALM, [])?.neededKiB;
    };
    expect([judged('and', 0), judged('and', 900 * MIB), judged('and', 2 * GIB)]).toEqual([
      512 * MIB,
      undefined,
      undefined,
    ]);
    expect([judged('or', 0), judged('or', 2 * GIB)]).toEqual([GIB, 512 * MIB]);
  });

  describe('that is still growing', () => {
    const table = tableOf([SMALL]);
    /** Just below the mark: what the small one has would do for now. */
    const sample = aSample({ ...FULL_TMPFS, memAvailableKiB: 1000 * MIB, slabUnreclaimableKiB: 0, hugetlbKiB: 0 });
    const { ranking } = chosen(FULL_TMPFS, table).state;
    const judged = (availableKiB: number, shmemKiB: number, known = table) => {
      const calm = createCalm();
      const then = { ...sample, memAvailableKiB: availableKiB, shmemKiB };
      noteCalm(calm, then, LEVEL.CALM);
      noteCalm(calm, sample, LEVEL.APPROACH);
      return futilityOf(ranking, known, sample, POLICY, LEVEL.KILL, calm, [])?.neededKiB;
    };

    it('is judged with as much again to come, when that is where the memory went', () => {
      expect(judged(5000 * MIB, 16 * GIB)).toBe(24 * MIB + 4 * GIB);
    });

    it('is taken as it stands when somebody who may be killed maps as much', () => {
      const heap = tableOf([{ rssKiB: 3300 * MIB, rssAnonKiB: 10 * MIB }]);
      expect(judged(5000 * MIB, 16 * GIB, heap)).toBeUndefined();
      const cache = tableOf([{ rssKiB: 3000 * MIB, rssAnonKiB: 10 * MIB }]);
      expect(judged(5000 * MIB, 16 * GIB, cache)).toBe(24 * MIB + 4 * GIB);
    });

    it('is taken as it stands when processes took it, or nothing was lost since', () => {
      expect(judged(5000 * MIB, 17.5 * GIB)).toBeUndefined();
      expect(judged(1000 * MIB, 16 * GIB)).toBeUndefined();
    });
  });

  it('names the largest of those that may not be killed', () => {
    const hog = { comm: 'db', oomScoreAdj: -1000, rssKiB: 20 * GIB };
    const table = tableOf([{ pid: 70, ...hog }, { pid: 71, oomScoreAdj: -1000, rssKiB: MIB }, SMALL]);
    const { shots, reasons } = chosen({ ...FULL_TMPFS, shmemKiB: 0 }, table);
    expect(shots).toBe(0);
    expect(reasons[0]).toContain('processes that may not be killed 20481 MiB, most in pid 70 (db)');
  });

  it('is none while somebody large is not identified: that may be the hog', () => {
    const table = tableOf([SMALL, { rssKiB: 4 * GIB, flags: KNOWN & ~FLAG.IDENTIFIED }]);
    expect(chosen(FULL_TMPFS, table).reasons).toEqual([]);
  });

  it('is told with the largest holder first', () => {
    const spared = { sizeKiB: 0, largestPid: ABSENT, largestComm: '' };
    const futility = {
      neededKiB: GIB,
      returnableKiB: 0,
      shmemKiB: MIB,
      slabKiB: 3 * MIB,
      hugetlbKiB: 2 * MIB,
      spared,
      holders: [],
    };
    expect(futilityText(futility)).toMatch(/needed; unreclaimable slab 3 MiB .*; huge pages 2 MiB .*; tmpfs .* 1 MiB/);
  });

  it('is told with the names of the holders, once somebody has looked', () => {
    const table = tableOf([SMALL]);
    const { state } = chosen(FULL_TMPFS, table);
    const shm = { kind: 'tmpfs', name: '/dev/shm', sizeKiB: 20 * GIB } as const;
    const futility = futilityOf(state.ranking, table, aSample(FULL_TMPFS), POLICY, LEVEL.KILL, NO_CALM, [shm]);
    expect(futility === null ? '' : futilityText(futility)).toContain('needed; tmpfs /dev/shm 20480 MiB; ');
  });

  it('knows that drivers return nothing, that the ARC shrinks, and that page tables go with their process', () => {
    const bare = { ...FULL_TMPFS, shmemKiB: 0 };
    const judged = (row: Partial<Row>, kind: 'unaccounted' | 'arc') => {
      const table = tableOf([row]);
      const { ranking } = chosen(FULL_TMPFS, table).state;
      const holders = [{ kind, name: '', sizeKiB: 20 * GIB }];
      return futilityOf(ranking, table, aSample(bare), POLICY, LEVEL.KILL, NO_CALM, holders)?.returnableKiB ?? null;
    };
    expect(judged(SMALL, 'unaccounted')).toBe(200 * MIB);
    expect(judged(SMALL, 'arc')).toBeNull();
    expect(judged({ ...SMALL, pageTablesKiB: 300 * MIB }, 'unaccounted')).toBe(500 * MIB);
    expect(judged({ ...SMALL, pageTablesKiB: 312 * MIB }, 'unaccounted')).toBeNull();
  });
});
