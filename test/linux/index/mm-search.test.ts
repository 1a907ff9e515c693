/** The search for mm groups against a model: which process has which mm is drawn at random, and so is who dies when. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { areAlike, FLAG } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createLane } from '../../../src/linux/index/lane.ts';
import { createMmGroups, type MmIo } from '../../../src/linux/index/mm-groups.ts';
import { createSlots, type Slots, takeSlot } from '../../../src/linux/index/slots.ts';
import { withDefaults } from '../../support/fake-process.ts';
import { pidStatusText } from '../../support/kernel-text.ts';

interface Drawn {
  readonly mm: number;
  readonly isArmed: boolean;
  /** Dies at this call of kcmp(2), the pid is somebody else's from then on. */
  readonly diesAt: number;
}

const STATUS_FD = 100_000;
const status = Buffer.from(pidStatusText(withDefaults({ pid: 1 })));

/** Slot n has pid 1000 + n, its score descriptor is n. */
const model = (drawn: readonly Drawn[]): { slots: Slots; io: MmIo; calls: () => number } => {
  const slots = createSlots(2048);
  drawn.forEach(({ isArmed }, at) => {
    const slot = takeSlot(slots, 1000 + at, at);
    slots.table.mmKey[slot] = 7;
    slots.table.oomScore[slot] = 700;
    slots.table.flags[slot] = isArmed ? FLAG.ARMED | FLAG.IDENTIFIED : FLAG.IDENTIFIED;
    if (isArmed) slots.statusFd[slot] = STATUS_FD;
  });
  let calls = 0;
  const isDead = (at: number): boolean => calls >= (drawn[at] as Drawn).diesAt;
  const mmOf = (pid: number): number => (isDead(pid - 1000) ? 5 : (drawn[pid - 1000] as Drawn).mm);
  const io: MmIo = {
    openReadOnly: () => STATUS_FD,
    close: () => 0,
    preadAt0: (fd, buffer) => {
      if (fd !== STATUS_FD) return isDead(fd) ? -3 : 4;
      buffer.set(status);
      return status.length;
    },
    kcmpVmAsync: (a, b, done) => {
      calls++;
      // Any order will do, so long as it is one.
      const [x, y] = [(mmOf(a) * 37) % 101, (mmOf(b) * 37) % 101];
      done(x === y ? 0 : x < y ? 1 : 2);
    },
  };
  return { slots, io, calls: () => calls };
};

const drawn = (deaths: fc.Arbitrary<number>): fc.Arbitrary<Drawn[]> =>
  fc.array(fc.record({ mm: fc.nat(12), isArmed: fc.boolean(), diesAt: deaths }), { maxLength: 40 });
const NEVER = Number.POSITIVE_INFINITY;

const search = (processes: readonly Drawn[]) => {
  const { slots, io, calls } = model(processes);
  const groups = createMmGroups(
    io,
    slots,
    '/proc',
    createLane(() => 0),
    () => true,
  );
  groups.next();
  const { table } = slots;
  const group = (at: number): number => table.mmGroup[table.rows[at] as number] as number;
  return { groups: processes.map((_, at) => group(at)), calls: calls(), slots };
};

it('finds all of those with one mm of which one is armed, and nobody else', () => {
  fc.assert(
    fc.property(drawn(fc.constant(NEVER)), (processes) => {
      const { groups, calls } = search(processes);
      expect(calls).toBeLessThanOrEqual(processes.length * 6);
      processes.forEach((a, at) => {
        const others = processes.filter((b) => b !== a && b.mm === a.mm);
        const isGroup = others.length > 0 && [a, ...others].some(({ isArmed }) => isArmed);
        expect(groups[at] !== ABSENT).toBe(isGroup);
        processes.forEach((b, bt) => {
          if (groups[at] !== ABSENT && groups[at] === groups[bt]) expect(a.mm).toBe(b.mm);
        });
      });
    }),
  );
});

it('never puts two together that did not have one mm, whoever dies and whose pid is reused meanwhile', () => {
  const deaths = fc.oneof(fc.nat(80), fc.constant(NEVER));
  fc.assert(
    fc.property(drawn(deaths), (processes) => {
      const { groups } = search(processes);
      const known = processes.map((process, at) => ({ ...process, group: groups[at] as number }));
      for (const a of known) {
        for (const b of known) if (a.group !== ABSENT && a.group === b.group) expect(a.mm).toBe(b.mm);
      }
    }),
  );
});

it('of 1,500 workers of one program is done in several goes, each bounded', () => {
  const workers = Array.from({ length: 1500 }, (_, at) => ({ mm: at % 90, isArmed: at < 3, diesAt: NEVER }));
  const { slots, io, calls } = model(workers);
  const groups = createMmGroups(
    io,
    slots,
    '/proc',
    createLane(() => 0),
    () => true,
  );
  let turns = 0;
  for (; groups.passes() === 0; turns++) {
    const before = calls();
    groups.next();
    expect(calls() - before).toBeLessThanOrEqual(512);
    // All at once: half a group would be killed in part.
    const known = workers.filter((_, at) => (slots.table.mmGroup[slots.table.rows[at] as number] as number) !== ABSENT);
    if (groups.passes() === 0) expect(known).toEqual([]);
  }
  expect(turns).toBeGreaterThan(3);
  expect(turns).toBeLessThan(15);
  const sharers = workers.filter(
    (_, at) => (slots.table.mmGroup[slots.table.rows[at] as number] as number) !== ABSENT,
  ).length;
  expect(sharers).toBe(workers.filter(({ mm }) => mm < 3).length);
});

it('being alike by key and size is mutual, and of one mm always', () => {
  const row = fc.record({
    rss: fc.oneof(fc.nat(9_000_000), fc.constant(ABSENT)),
    score: fc.integer({ min: 0, max: 2000 }),
  });
  fc.assert(
    fc.property(row, row, (a, b) => {
      const { slots } = model([0, 0].map(() => ({ mm: 1, isArmed: true, diesAt: NEVER })));
      const { table } = slots;
      [a, b].forEach(({ rss, score }, at) => {
        table.rssKiB[at] = rss;
        table.oomScore[at] = score;
      });
      expect(areAlike(table, 0, 1)).toBe(areAlike(table, 1, 0));
      table.rssKiB[1] = a.rss;
      table.oomScore[1] = 0;
      // One of them may be a vfork child, or have been read a moment before.
      expect(areAlike(table, 0, 1)).toBe(true);
      table.mmKey[1] = 8;
      expect(areAlike(table, 0, 1)).toBe(false);
    }),
  );
});
