import { describe, expect, it } from 'vitest';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { createDirectory, walk } from '../../../src/linux/cgroup/directory.ts';
import { createReadings, type Wanted } from '../../../src/linux/cgroup/readings.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { type FakeCgroup, fakeTree, treeOf } from './fake-tree.ts';

const never = (): boolean => false;
const noName = (): boolean => false;
const ALL = { onlyNamed: false, withStats: false };
const NAMED = { onlyNamed: true, withStats: false };

const opened = async (tree: ReturnType<typeof fakeTree>) => {
  const directory = createDirectory();
  await walk(treeOf(tree.root, 100, libc), directory);
  return directory;
};

describe('readings', () => {
  it('give rates by difference, and only the cgroups in which something moves', async () => {
    const tree = fakeTree();
    tree.set('/calm', { current: 50 * MIB });
    tree.set('/hot', { current: 40 * MIB, high: 40 * MIB, max: 80 * MIB });
    const readings = createReadings(libc, await opened(tree), noName);
    expect(readings.advance(1000, ALL, never)).toBe(true);
    expect(readings.rows, 'the first reading knows no rates').toMatchObject([{ path: '/hot', highPerS: ABSENT }]);
    tree.set('/hot', { current: 41 * MIB, local: { high: 15 }, pressure: { some: 450_000, full: 400_000 } });
    readings.advance(1500, ALL, never);
    expect(readings.rows).toEqual([
      {
        path: '/hot',
        currentKiB: 41 * MIB,
        highKiB: 40 * MIB,
        maxKiB: 80 * MIB,
        swapKiB: 0,
        highPerS: 30,
        maxPerS: 0,
        oomPerS: 0,
        oomKillPerS: 0,
        restoresPerS: ABSENT,
        somePermyriad: 9000,
        fullPermyriad: 8000,
        isHeldUp: true,
        isUnderOom: false,
      },
    ]);
  });

  it('count the oom of a limit where it is, and its kills wherever they were below it', async () => {
    const tree = fakeTree();
    tree.set('/pod', { max: 40 * MIB });
    const readings = createReadings(libc, await opened(tree), noName);
    readings.advance(0, ALL, never);
    tree.set('/pod', { local: { oom: 450 }, events: { oom: 450, oom_kill: 2 } });
    readings.advance(1000, ALL, never);
    expect(readings.rows[0]).toMatchObject({ oomPerS: 450, oomKillPerS: 2 });
  });

  it('say absent where there is no file: no PSI, no events of its own, no limit', async () => {
    const tree = fakeTree();
    tree.set('/old', { max: 40 * MIB, local: null, pressure: null });
    tree.set('/free', { pressure: null });
    const readings = createReadings(libc, await opened(tree), () => true);
    readings.advance(0, ALL, never);
    tree.set('/old', { events: { max: 10 } });
    readings.advance(1000, ALL, never);
    const [old, free] = ['/old', '/free'].map((path) => readings.rows.find((row) => row.path === path));
    expect(old).toMatchObject({ maxPerS: 10, somePermyriad: ABSENT, fullPermyriad: ABSENT, highKiB: ABSENT });
    expect(free).toMatchObject({ maxPerS: ABSENT, oomPerS: ABSENT, maxKiB: ABSENT });
  });

  it('show what a rule names also when nothing moves, and nothing else when only that is asked for', async () => {
    const tree = fakeTree();
    tree.set('/named', { current: MIB });
    tree.set('/other', { current: MIB });
    const readings = createReadings(libc, await opened(tree), (path) => path === '/named');
    readings.advance(0, ALL, never);
    tree.set('/other', { pressure: { some: 900_000, full: 0 } });
    readings.advance(1000, NAMED, never);
    expect(readings.rows.map(({ path }) => path)).toEqual(['/named']);
    readings.advance(2000, ALL, never);
    expect(readings.rows.map(({ path }) => path)).toEqual(['/named', '/other']);
  });

  it('come in slices, and are done when every cgroup has been read', async () => {
    const tree = fakeTree();
    for (let at = 0; at < 20; at++) tree.set(`/c${at}`, { current: MIB });
    const readings = createReadings(libc, await opened(tree), () => true);
    const answers = [0, 1, 2].map(() => readings.advance(0, ALL, () => true));
    expect(answers).toEqual([false, false, true]);
    expect(readings.rows).toHaveLength(20);
  });

  it('are bounded: of a thousand cgroups in trouble the worst 48', async () => {
    const tree = fakeTree();
    for (let at = 0; at < 60; at++) tree.set(`/c${at}`, { current: MIB, max: MIB });
    const readings = createReadings(libc, await opened(tree), noName);
    readings.advance(0, ALL, never);
    for (let at = 0; at < 60; at++) tree.set(`/c${at}`, { pressure: { some: 500_000, full: at * 1000 } });
    tree.set('/c0', { local: { oom: 5 } });
    readings.advance(1000, ALL, never);
    expect(readings.rows).toHaveLength(48);
    expect(readings.rows[0]?.path, 'an oom before any stall').toBe('/c0');
    expect(readings.rows[1]?.path).toBe('/c59');
  });

  it('let go of a cgroup that has gone', async () => {
    const tree = fakeTree();
    tree.set('/a', { current: MIB });
    const directory = await opened(tree);
    const readings = createReadings({ preadAt0: () => -19, close: libc.close }, directory, () => true);
    expect(readings.advance(0, ALL, never)).toBe(true);
    expect(readings.rows).toEqual([]);
    expect(directory.entries.size).toBe(0);
  });

  describe('what comes back within a limit', () => {
    const STATS = { onlyNamed: false, withStats: true };
    /** Reads once a second, with `events` more at the limit and 500 pages more back each time. */
    const limited = async (paths: readonly string[], limit: FakeCgroup = { max: 80 * MIB }) => {
      const tree = fakeTree();
      for (const path of paths) tree.set(path, { current: 80 * MIB, ...limit });
      const readings = createReadings(libc, await opened(tree), noName);
      let times = 0;
      return (wanted: Wanted, events = 30): (number | undefined)[] => {
        times++;
        for (const path of paths) tree.set(path, { local: { max: times * events }, restores: times * 500 });
        readings.advance(times * 1000, wanted, never);
        return paths.map((path) => readings.rows.find((row) => row.path === path)?.restoresPerS);
      };
    };

    it('is a rate from the second reading on, of those at their limit, while it is wanted', async () => {
      const read = await limited(['/pod']);
      expect([read(ALL), read(STATS), read(STATS), read(STATS)]).toEqual([[ABSENT], [ABSENT], [500], [500]]);
      expect(read(ALL), 'not wanted').toEqual([ABSENT]);
      expect(read(STATS), 'and not counted over a gap').toEqual([ABSENT]);
    });

    it('goes on over a reading without an event, for a second', async () => {
      const tree = fakeTree();
      tree.set('/pod', { current: 80 * MIB, max: 80 * MIB });
      const readings = createReadings(libc, await opened(tree), noName);
      const read = (nowMs: number, max: number): number | undefined => {
        tree.set('/pod', { local: { max }, restores: nowMs });
        readings.advance(nowMs, STATS, never);
        return readings.rows[0]?.restoresPerS;
      };
      expect([read(0, 0), read(250, 9), read(500, 18)]).toEqual([ABSENT, ABSENT, 1000]);
      expect([read(750, 18), read(1500, 18), read(1750, 18)]).toEqual([1000, 1000, ABSENT]);
    });

    it('is not read of one that is only near it', async () => {
      const read = await limited(['/pod']);
      expect([read(STATS, 0), read(STATS, 0), read(STATS, 0)]).toEqual([[ABSENT], [ABSENT], [ABSENT]]);
    });

    it('is not read of one without a limit', async () => {
      const read = await limited(['/pod'], { max: 'max', pressure: { some: 0, full: 0 } });
      expect([read(STATS), read(STATS), read(STATS)]).toEqual([[undefined], [undefined], [undefined]]);
    });

    it('is read of eight in one reading', async () => {
      const read = await limited(['/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h', '/i', '/j']);
      read(ALL);
      read(STATS);
      expect(read(STATS).filter((perS) => perS === 500)).toHaveLength(8);
    });
  });
});
