/** The candidates that standby holds: whose descriptors are kept, closed, proved, and who is the best of them now. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oomScoreOf } from '../../src/core/select/badness.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import {
  bestOf,
  type Candidate,
  createCandidates,
  groupOf,
  isTakenByUnknown,
  sizeKiBOf,
} from '../../src/standby/candidates.ts';
import { ENTRIES_MAX, type Entry, LIST_WORDS, readList, writeList } from '../../src/standby/handover.ts';

const entry = (pid: number, differences: Partial<Entry> = {}): Entry => ({
  ...{ slot: pid, generation: 1, pid, group: ABSENT, isCandidate: true, oomScoreAdj: 0, policyPoints: 0, comm: 'p' },
  ...differences,
});

const TOTAL_PAGES = (8 * GIB) / 4;
const row = (pid: number, kib: number, differences: Partial<Candidate> = {}): Candidate => ({
  ...{ entry: entry(pid), pidfd: 1, scoreFd: 2, oomScore: oomScoreOf(kib / 4, TOTAL_PAGES), isGone: false },
  listedScore: oomScoreOf((50 * MIB) / 4, TOTAL_PAGES),
  isDone: false,
  ...differences,
});
const best = (rows: readonly Candidate[], minimumKiB = 0): number | undefined =>
  bestOf(rows, TOTAL_PAGES, 4, minimumKiB)?.entry.pid;

describe('the best', () => {
  it('is the largest by its score of now, with the points of policy', () => {
    expect(best([row(1, 100 * MIB), row(2, 900 * MIB), row(3, 300 * MIB)])).toBe(2);
    const avoided = row(2, 900 * MIB, { entry: entry(2, { policyPoints: -300 }) });
    expect(best([row(1, 100 * MIB), avoided, row(3, 300 * MIB)])).toBe(3);
  });

  it('is nobody who is gone, done, of unknown size, too small, hidden by the kernel, or only goes along', () => {
    const rows = [
      row(1, 900 * MIB, { isGone: true }),
      row(2, 900 * MIB, { isDone: true }),
      row(3, 900 * MIB, { oomScore: ABSENT }),
      row(4, 20 * MIB),
      row(5, 0, { oomScore: 0 }),
      row(6, 900 * MIB, { entry: entry(6, { isCandidate: false }) }),
    ];
    expect(best(rows, 64 * MIB)).toBeUndefined();
    expect(best([...rows, row(7, 100 * MIB)], 64 * MIB)).toBe(7);
  });

  it('knows sizes behind an oom_score_adj', () => {
    const adj = 500;
    const badness = (400 * MIB) / 4 + adj * Math.trunc(TOTAL_PAGES / 1000);
    const one = row(1, 0, { entry: entry(1, { oomScoreAdj: adj }), oomScore: oomScoreOf(badness, TOTAL_PAGES) });
    expect(Math.abs(sizeKiBOf(one, TOTAL_PAGES, 4) - 400 * MIB)).toBeLessThan(16 * MIB);
  });

  it('is whom control aimed SysRq-f at, when it was stopped before it could put the oom_score_adj back', () => {
    const raised = (kib: number): number => oomScoreOf(kib / 4 + 1000 * Math.trunc(TOTAL_PAGES / 1000), TOTAL_PAGES);
    // Raised to 1000, and lowered to -1000, since the last list: its entries say 0.
    const aimedAt = row(1, 0, { oomScore: raised(300 * MIB) });
    const outOfReach = row(2, 0, { oomScore: 0 });
    expect(best([outOfReach, row(3, 900 * MIB), aimedAt], 64 * MIB)).toBe(1);
    expect(best([outOfReach, row(3, 900 * MIB)], 64 * MIB)).toBe(3);
  });

  it('goes with all of its group that live', () => {
    const of = (pid: number, group: number, isGone = false): Candidate =>
      row(pid, MIB, { entry: entry(pid, { group }), isGone });
    const rows = [of(1, 0), of(2, 0), of(3, 0, true), of(4, 4), of(5, ABSENT)];
    expect(groupOf(rows, rows[1] as Candidate).map((each) => each.entry.pid)).toEqual([2, 1]);
    expect(groupOf(rows, rows[4] as Candidate).map((each) => each.entry.pid)).toEqual([5]);
  });
});

describe('what was lost', () => {
  const isUnknown = (rows: readonly Candidate[], lostKiB: number): boolean =>
    isTakenByUnknown(rows, TOTAL_PAGES, 4, lostKiB);

  it('was taken by those we know when they have grown by a quarter of it since they were listed', () => {
    expect(isUnknown([row(1, 350 * MIB), row(2, 50 * MIB)], 900 * MIB)).toBe(false);
    expect(isUnknown([row(1, 350 * MIB), row(2, 50 * MIB)], 1500 * MIB)).toBe(true);
  });

  it('was not taken by who has gone, cannot be read, or may not be chosen', () => {
    const rows = [
      row(1, 900 * MIB, { isGone: true }),
      row(2, 900 * MIB, { oomScore: ABSENT }),
      row(3, 900 * MIB, { listedScore: ABSENT }),
      row(4, 900 * MIB, { entry: entry(4, { isCandidate: false }) }),
    ];
    expect(isUnknown(rows, 400 * MIB)).toBe(true);
  });
});

const held = () => {
  const closed: number[] = [];
  const opened: string[] = [];
  const gone = new Set<number>();
  let fd = 1000;
  const candidates = createCandidates(
    {
      openReadOnly: (path) => {
        opened.push(path);
        return gone.has(Number(path.split('/')[2])) ? -2 : fd++;
      },
      close: (each) => closed.push(each),
      readScore: (each) => (gone.has(each) ? -3 : 700),
      pidfdSendSignal: (pidfd) => (gone.has(pidfd) ? -3 : 0),
      hasExited: (pidfd) => gone.has(pidfd),
    },
    '/proc',
  );
  const pids = (): number[] => candidates.rows.map((each) => each.entry.pid);
  return { candidates, closed, opened, gone, pids };
};

describe('a list', () => {
  it('is held by a pidfd and a score each', () => {
    const { candidates, opened, closed, pids } = held();
    candidates.take([entry(7), entry(8)], [70, 80], 2);
    expect([pids(), opened, closed]).toEqual([[7, 8], ['/proc/7/oom_score', '/proc/8/oom_score'], []]);
  });

  it('keeps what it has of the same processes, and closes what came twice and what is not in it any more', () => {
    const { candidates, opened, closed, pids } = held();
    candidates.take([entry(7), entry(8)], [70, 80], 2);
    candidates.take([entry(8, { policyPoints: 5 }), entry(9)], [81, 90], 2);
    expect([pids(), opened.length]).toEqual([[8, 9], 3]);
    expect(closed).toEqual([81, 70, 1000]);
    expect(candidates.rows[0]).toMatchObject({ pidfd: 80, entry: { policyPoints: 5 } });
  });

  it('does not take the successor in a slot for the one before', () => {
    const { candidates, closed } = held();
    candidates.take([entry(7)], [70], 1);
    candidates.take([entry(7, { generation: 2 })], [71], 1);
    expect(candidates.rows[0]).toMatchObject({ pidfd: 71 });
    expect(closed).toEqual([70, 1000]);
  });

  it('leaves out who has gone: an answer of the pidfd after the open is the proof that the score is its own', () => {
    const { candidates, gone, closed, pids } = held();
    gone.add(70).add(8);
    candidates.take([entry(7), entry(8), entry(9)], [70, 80, 90], 3);
    expect([pids(), closed]).toEqual([[9], [1000, 70, 80]]);
  });

  it('is as long as there are descriptors: without room for them entries are left out', () => {
    const { candidates, pids } = held();
    candidates.take([entry(7), entry(8)], [70], 1);
    expect(pids()).toEqual([7]);
  });

  it('is looked through without opening anything; who has gone stays gone', () => {
    const { candidates, gone, opened } = held();
    candidates.take([entry(7), entry(8), entry(9)], [70, 80, 90], 3);
    gone.add(1000).add(80);
    candidates.scan();
    expect(candidates.rows.map((each) => each.isGone)).toEqual([true, true, false]);
    gone.clear();
    candidates.scan();
    expect(candidates.rows.map((each) => each.isGone)).toEqual([true, true, false]);
    expect(opened).toHaveLength(3);
  });
});

describe('a message', () => {
  const int = fc.integer({ min: -1, max: 0x7fff_ffff });
  const comm = fc.string({ maxLength: 15, unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)) });
  const any = fc.record({
    ...{ slot: int, generation: int, pid: int, group: int, isCandidate: fc.boolean(), comm },
    ...{ oomScoreAdj: fc.integer({ min: -1000, max: 1000 }), policyPoints: int },
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: ENTRIES_MAX }), (entries) => {
        const words = new Int32Array(LIST_WORDS);
        expect(readList(words, writeList(words, entries) * 4)).toEqual(entries);
      }),
    );
  });

  it('that is cut off or of another length is none', () => {
    const words = new Int32Array(LIST_WORDS);
    const length = writeList(words, [entry(7), entry(8)]) * 4;
    for (const bytes of [0, 3, 4, length - 4, length + 4]) expect(readList(words, bytes)).toEqual([]);
    words[0] = ENTRIES_MAX + 1;
    expect(readList(words, length)).toEqual([]);
    words[0] = -1;
    expect(readList(words, length)).toEqual([]);
  });
});
