/** The queue of reapings over a kernel that answers when and what a test wants, with a clock that it sets. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Dying, newDying, type Reaped } from '../../../src/core/dying.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createReaper, HUNG_MS, RETRY_MS, type Reaper, TRIES_MAX } from '../../../src/linux/victims/reaper.ts';
import { callsFor } from '../../../src/linux/victims/victims.ts';
import type { VictimIo, Watch } from '../../../src/linux/victims/watch.ts';
import { withDefaults } from '../../support/fake-process.ts';
import { pidStatusText } from '../../support/kernel-text.ts';

const [EPERM, ESRCH, EAGAIN, EINVAL, ENOSYS, EBADF] = [1, 3, 11, 22, 38, 9];
const CALLS_MAX = 4;
const HELD_KIB = 8192;

interface FakeVictim {
  readonly dying: Dying;
  readonly watch: Watch;
  status: string | null;
  isGone: boolean;
}

let nowMs: number;
let results: Reaped[];
let victims: Map<number, FakeVictim>;
/** Calls under way: by pid, to be answered by the test. */
let underWay: Map<number, (answer: number) => void>;
let begun: number[];
let searches: number;
let onSearch: (watch: Watch) => void;
let reaper: Reaper;

const noSearch = async (): Promise<void> => undefined;
const never = (): never => {
  throw new Error('not for the reaper');
};
const victimOf = (fd: number): FakeVictim => victims.get(fd) as FakeVictim;
const io: VictimIo = {
  ...{ openReadOnly: never, openDirectory: never, getdents64: never, rewind: never, pidfdOpen: never },
  ...{ pidfdSendSignal: never, duplicate: never, close: () => 0 },
  preadAt0: (fd, buffer) => {
    const { status } = victimOf(fd);
    return status === null ? -ESRCH : Buffer.from(buffer.buffer).write(status, 'latin1');
  },
  isReadable: (fd) => victimOf(fd).isGone,
  processMreleaseAsync: (pidfd, done) => {
    begun.push(pidfd);
    underWay.set(pidfd, done);
  },
};

const statusText = (pid: number, anonKiB: number | null, more: { state?: string; killed?: boolean } = {}): string =>
  pidStatusText({
    ...withDefaults({ pid, rssKiB: anonKiB, state: more.state ?? 'D', threads: 2 }),
    sigkillPending: more.killed ?? true,
  });

const enter = (pid: number, changes: Partial<Dying> = {}): FakeVictim => {
  const dying = { ...newDying(ABSENT, pid, 'victim', 'oomwatchd', ABSENT, nowMs), ...changes };
  const watch: Watch = {
    ...{ pid, pidfd: pid, scoreFd: ABSENT, statusFd: pid, threadFd: ABSENT, isGone: false, isLeaderless: false },
    ...{ threads: ABSENT, search: null, searchedMs: ABSENT, lookedMs: nowMs, uses: 0 },
  };
  const victim: FakeVictim = { dying, watch, status: statusText(pid, HELD_KIB), isGone: false };
  victims.set(pid, victim);
  return victim;
};
const reap = ({ dying, watch }: FakeVictim): void => reaper.reap(dying, watch);
const answer = (pid: number, value: number): void => {
  const done = underWay.get(pid) as (answer: number) => void;
  underWay.delete(pid);
  done(value);
};
const pass = (ms: number): void => {
  nowMs += ms;
  reaper.pump(nowMs);
};
const told = (): [number, string, number][] =>
  results.splice(0).map(({ pid, result, releasedKiB }) => [pid, result, releasedKiB]);

beforeEach(() => {
  nowMs = 50_000;
  results = [];
  victims = new Map();
  underWay = new Map();
  begun = [];
  searches = 0;
  onSearch = () => undefined;
  reaper = createReaper(
    io,
    () => nowMs,
    async (watch) => {
      searches++;
      onSearch(watch);
    },
    CALLS_MAX,
    results,
  );
});

describe('what was given back', () => {
  it('is the anonymous and swapped memory that is not there any more', () => {
    const victim = enter(7);
    victim.status = pidStatusText({ ...withDefaults({ pid: 7, rssKiB: 6000, swapKiB: 2000 }), sigkillPending: true });
    reap(victim);
    nowMs += 40;
    victim.status = statusText(7, 300);
    answer(7, 0);
    expect(results).toEqual([{ pid: 7, tries: 1, result: 'released', errno: 0, durationMs: 40, releasedKiB: 7700 }]);
    expect(victim.watch.uses).toBe(0);
  });

  it.each([
    ['gone', true, null],
    ['without a status', false, null],
  ])('is all of it when the process is %s afterwards', async (_, isGone, status) => {
    const victim = enter(7);
    reap(victim);
    Object.assign(victim, { isGone, status });
    answer(7, 0);
    await Promise.resolve().then();
    expect(told()).toEqual([[7, 'released', HELD_KIB]]);
    expect(searches).toBe(isGone ? 0 : 1);
  });

  it('counts from what the victim had when it was chosen, when nothing could be read; its leader had left', async () => {
    const victim = enter(7, { sizeKiB: 5000 });
    victim.status = statusText(7, null, { state: 'Z' });
    victims.set(8, { ...victim, status: statusText(8, 1000) });
    onSearch = (watch) => {
      watch.threadFd = 8;
    };
    reap(victim);
    answer(7, 0);
    await Promise.resolve().then();
    expect(told()).toEqual([[7, 'released', 4000]]);
  });

  it('is never less than nothing', () => {
    const victim = enter(7);
    reap(victim);
    victim.status = statusText(7, HELD_KIB + 100);
    answer(7, 0);
    expect(told()).toEqual([[7, 'released', 0]]);
  });
});

describe('tries', () => {
  it.each([
    ['EAGAIN', EAGAIN, 'again'],
    ['a sharer that lives', EINVAL, 'sharer_alive'],
  ])('are made ten times, 100 ms apart, for %s', (_, errno, result) => {
    const victim = enter(7);
    reap(victim);
    for (let tries = 1; tries < TRIES_MAX; tries++) {
      answer(7, -errno);
      expect(begun).toHaveLength(tries);
      expect(reaper.lastResult(victim.dying)).toBe(result);
      pass(RETRY_MS - 1);
      expect(begun).toHaveLength(tries);
      pass(1);
      expect(begun).toHaveLength(tries + 1);
      expect(results).toEqual([]);
    }
    answer(7, -errno);
    expect(results).toEqual([{ pid: 7, tries: 10, result, errno, durationMs: 900, releasedKiB: 0 }]);
    pass(10_000);
    expect(begun).toHaveLength(TRIES_MAX);
    expect(reaper.isWaiting()).toBe(false);
  });

  it('count from the first: what the early ones gave back is counted too', () => {
    const victim = enter(7);
    reap(victim);
    victim.status = statusText(7, 2000);
    answer(7, -EAGAIN);
    pass(RETRY_MS);
    victim.status = statusText(7, 0);
    answer(7, 0);
    expect(told()).toEqual([[7, 'released', HELD_KIB]]);
  });

  it('end when the process is gone meanwhile', () => {
    const victim = enter(7);
    reap(victim);
    answer(7, -EAGAIN);
    victim.isGone = true;
    pass(RETRY_MS);
    expect(told()).toEqual([[7, 'gone', 0]]);
    expect(begun).toEqual([7]);
  });

  it('are made for a core dump, which SIGKILL ends', () => {
    const victim = enter(7);
    victim.status = statusText(7, HELD_KIB).replace('CoreDumping:\t0', 'CoreDumping:\t1');
    expect(victim.status).toContain('CoreDumping:\t1');
    reap(victim);
    answer(7, -EINVAL);
    expect(reaper.lastResult(victim.dying)).toBe('core_dump');
    pass(RETRY_MS);
    victim.status = statusText(7, 0);
    answer(7, 0);
    expect(told()).toEqual([[7, 'released', HELD_KIB]]);
  });

  it.each([
    ['ESRCH', ESRCH, 'gone'],
    ['EBADF', EBADF, 'failed'],
  ])('are not made again after %s', (_, errno, result) => {
    reap(enter(7));
    answer(7, -errno);
    pass(10_000);
    expect(told()).toEqual([[7, result, 0]]);
    expect(begun).toEqual([7]);
  });

  it('are not made again for one that nobody has killed', () => {
    const victim = enter(7);
    victim.status = statusText(7, HELD_KIB, { killed: false });
    reap(victim);
    answer(7, -EINVAL);
    expect(told()).toEqual([[7, 'not_dying', 0]]);
  });

  it('find a sharer of one that exits by itself, which no signal shows', () => {
    const victim = enter(7, { killedBy: 'itself' });
    victim.status = statusText(7, HELD_KIB, { killed: false });
    reap(victim);
    answer(7, -EINVAL);
    expect(reaper.lastResult(victim.dying)).toBe('sharer_alive');
  });

  it.each([ENOSYS, EPERM])('are given up for everybody when the kernel does not offer it (%i)', (errno) => {
    reap(enter(7));
    answer(7, -errno);
    reap(enter(8));
    expect(told()).toEqual([
      [7, 'unsupported', 0],
      [8, 'unsupported', 0],
    ]);
    expect(begun).toEqual([7]);
  });
});

describe('many at once', () => {
  it('wait for a place, first come first served, and one is not reaped twice', () => {
    const all = [1, 2, 3, 4, 5, 6].map((pid) => enter(pid));
    for (const victim of all) reap(victim);
    for (const victim of all) reap(victim);
    expect(begun).toEqual([1, 2, 3, 4]);
    answer(3, 0);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    answer(1, 0);
    expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
    for (const pid of [2, 4, 5, 6]) answer(pid, 0);
    expect(results.map(({ pid }) => pid)).toEqual([3, 1, 2, 4, 5, 6]);
    expect(reaper.isWaiting()).toBe(false);
  });

  it('one that hangs is told once, keeps its place, leaves the others theirs, and is told again when it returns', () => {
    const victim = enter(1);
    reap(victim);
    pass(HUNG_MS - 1);
    expect(results).toEqual([]);
    pass(1);
    expect(results.splice(0)).toEqual([
      { pid: 1, tries: 1, result: 'hung', errno: 0, durationMs: HUNG_MS, releasedKiB: 0 },
    ]);
    pass(60_000);
    expect(results).toEqual([]);
    expect(reaper.lastResult(victim.dying)).toBe('hung');
    for (const pid of [2, 3, 4, 5]) reap(enter(pid));
    expect(begun).toEqual([1, 2, 3, 4]);
    answer(2, 0);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(victim.watch.uses).toBe(1);
    victim.status = statusText(1, 0);
    answer(1, 0);
    expect(told()).toEqual([
      [2, 'released', 0],
      [1, 'released', HELD_KIB],
    ]);
    expect(victim.watch.uses).toBe(0);
  });

  it('all hanging leave the rest in the queue, from which those that go are told', () => {
    for (const pid of [1, 2, 3, 4]) reap(enter(pid));
    pass(HUNG_MS);
    expect(told().map(([, result]) => result)).toEqual(['hung', 'hung', 'hung', 'hung']);
    const fifth = enter(5);
    reap(fifth);
    pass(60_000);
    expect(begun).toEqual([1, 2, 3, 4]);
    fifth.isGone = true;
    pass(1);
    expect(told()).toEqual([[5, 'gone', 0]]);
    expect(reaper.isWaiting()).toBe(true);
  });

  it('whatever the kernel answers: no more calls than places, and one last word for each', () => {
    const errnos = fc.constantFrom(0, -EAGAIN, -EINVAL, -ESRCH, -EBADF);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), errnos, fc.nat(1500)), { maxLength: 60 }), (moves) => {
        underWay.clear();
        results.length = 0;
        begun = [];
        reaper = createReaper(io, () => nowMs, noSearch, CALLS_MAX, results);
        const all = Array.from({ length: 8 }, (_, at) => enter(at + 1));
        for (const victim of all) reap(victim);
        const step = (which: number, value: number): void => {
          const pids = [...underWay.keys()];
          if (pids.length > 0) answer(pids[which % pids.length] as number, value);
          expect(underWay.size).toBeLessThanOrEqual(CALLS_MAX);
        };
        for (const [which, value, ms] of moves) {
          step(which, value);
          pass(ms);
        }
        for (let rest = 0; rest < 200; rest++) {
          step(0, -ESRCH);
          pass(RETRY_MS);
        }
        const last = results.filter(({ result }) => result !== 'hung').map(({ pid }) => pid);
        expect(last.sort()).toEqual(all.map(({ dying }) => dying.pid));
        for (const { watch } of all) expect(watch.uses).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

it.each([
  [Number.NaN, 1],
  [0, 1],
  [4, 1],
  [8, 1],
  [10, 2],
  [12, 4],
  [128, 4],
])('a pool of %d threads has %d for the reaper', (threads, calls) => expect(callsFor(threads)).toBe(calls));
