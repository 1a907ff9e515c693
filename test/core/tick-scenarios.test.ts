/** Whole incidents in virtual time: what happens on a host, and what is decided about it, line by line. */
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../src/core/units.ts';
import { enforcing, host, innocents, PER_SECOND } from './support/hosts.ts';
import { createMachine, type Program } from './support/machine.ts';
import { watch } from './support/watch.ts';

describe('a fast leak', () => {
  const machine = host([{ comm: 'leak', rssKiB: 300 * MIB, grows: 2 * GIB * PER_SECOND }]);
  const watched = watch(machine, enforcing());
  watched.run(10_000);

  it('is asked to leave, leaves, and the host has recovered', () => {
    expect(watched.story(true)).toEqual([
      'calm -> approach',
      'approach -> term (mem_available)',
      'episode 1 starts',
      'SIGTERM to leak (mem_available)',
      'term -> approach',
      'leak: recovered',
      'episode 1 ends, signals: 1',
      'approach -> calm',
    ]);
  });

  it('costs nobody else', () => {
    expect(machine.alive()).toEqual(innocents.map(({ comm }) => comm));
    expect(machine.lost()).toBe(false);
  });

  it('is signalled within 100 ms of the mark', () => {
    const [signal] = watched.of('signal');
    expect(signal?.memory.memAvailableKiB).toBeGreaterThan(800 * MIB - 100 * 2 * GIB * PER_SECOND);
  });
});

describe('a leak too fast for SIGTERM', () => {
  it('is killed at once: what memory is left lasts less than the forecast', () => {
    const machine = host([{ comm: 'leak', rssKiB: 300 * MIB, grows: 5 * GIB * PER_SECOND }]);
    const watched = watch(machine, enforcing());
    watched.run(10_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGKILL to leak (mem_available+forecast)',
      'leak: recovered',
      'episode 1 ends, signals: 1',
    ]);
    expect(machine.lost()).toBe(false);
  });
});

describe('a slow leak', () => {
  it('is found at the mark and not before', () => {
    const machine = host([{ comm: 'leak', rssKiB: 4 * GIB, grows: 20 * MIB * PER_SECOND }]);
    const watched = watch(machine, enforcing());
    watched.run(120_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to leak (mem_available)',
      'leak: recovered',
      'episode 1 ends, signals: 1',
    ]);
    expect(watched.signals[0]?.atMs).toBeGreaterThan(30_000);
    // 1.2 GiB at 20 MiB/s take a minute, in which it looks about once a second.
    expect(watched.turns()).toBeLessThan(1400);
  });
});

describe('a hog that ignores SIGTERM', () => {
  it('is killed when its time is up', () => {
    const machine = host([{ comm: 'hog', rssKiB: 4.8 * GIB, grows: (ms) => (ms < 100 ? MIB : 0), term: 'ignored' }]);
    const watched = watch(machine, enforcing('act: { term_timeout: 5s }'));
    watched.run(15_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to hog (mem_available)',
      'SIGKILL to hog (term_timeout)',
      'hog: recovered',
      'episode 1 ends, signals: 2',
    ]);
    const [first, second] = watched.signals;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(5000);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThan(5050);
  });

  it('is killed before that when memory falls to the kill mark', () => {
    const machine = host([{ comm: 'hog', rssKiB: 4 * GIB, grows: 400 * MIB * PER_SECOND, term: 'ignored' }]);
    const watched = watch(machine, enforcing('act: { term_timeout: 5s }'));
    watched.run(15_000);
    expect(watched.story().slice(0, 3)).toEqual([
      'episode 1 starts',
      'SIGTERM to hog (mem_available)',
      'SIGKILL to hog (kill_mark)',
    ]);
    expect((watched.signals[1]?.atMs ?? 0) - (watched.signals[0]?.atMs ?? 0)).toBeLessThan(1200);
  });

  it('has all its time to leave, also when memory comes back before', () => {
    const machine = host([
      { comm: 'slow', rssKiB: 4 * GIB, term: 4500 },
      {
        comm: 'batch',
        rssKiB: 0.6 * GIB,
        grows: (ms) => (ms < 300 ? MIB : ms > 500 && ms < 1000 ? -MIB : 0),
      },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(20_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to slow (mem_available)',
      'slow: recovered',
      'episode 1 ends, signals: 1',
    ]);
  });

  it('does not hold an episode open once memory is back', () => {
    const machine = host([
      { comm: 'hog', rssKiB: 4 * GIB, term: 'ignored' },
      { comm: 'batch', rssKiB: 0.6 * GIB, grows: (ms) => (ms < 300 ? MIB : ms > 2000 && ms < 4000 ? -0.3 * MIB : 0) },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(60_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to hog (mem_available)',
      'episode 1 ends, signals: 1',
    ]);
    expect(machine.alive()).toContain('hog');
    const before = watched.turns();
    watched.run(60_000);
    expect(watched.turns() - before).toBeLessThan(1000);
  });
});

describe('protection', () => {
  const leak: Program = { comm: 'leak', rssKiB: GIB, grows: 200 * MIB * PER_SECOND };

  it('spares the biggest process and takes the second', () => {
    const machine = host([{ comm: 'db', rssKiB: 4 * GIB }, leak]);
    const watched = watch(machine, enforcing('select: { protect: [{ unit: db.service }] }'));
    watched.run(20_000);
    expect(watched.story()[1]).toBe('SIGTERM to leak (mem_available)');
    expect(machine.alive()).toContain('db');
  });

  it('spares a process at oom_score_adj -1000', () => {
    const machine = host([{ comm: 'db', rssKiB: 4 * GIB, row: { oomScoreAdj: -1000 } }, leak]);
    const watched = watch(machine, enforcing());
    watched.run(20_000);
    expect(machine.alive()).toEqual([...innocents.map(({ comm }) => comm), 'db']);
  });

  it('wins over everything: with all protected nobody dies, and it is said so now and then', () => {
    const machine = host([{ comm: 'hog', rssKiB: 4.8 * GIB, grows: (ms) => (ms < 100 ? MIB : 0) }]);
    const watched = watch(machine, enforcing('select: { protect: [{ unit: "*.service" }] }'));
    watched.run(60_000);
    expect([...new Set(watched.story())]).toEqual(['episode 1 starts', 'no action: all_protected']);
    expect(watched.story().length).toBeLessThan(8);
    expect(machine.alive()).toHaveLength(11);
  });

  it('looks for a victim again at a pace that a host can bear while there is none', () => {
    const machine = host([{ comm: 'hog', rssKiB: 4.8 * GIB, grows: (ms) => (ms < 100 ? MIB : 0) }]);
    const watched = watch(machine, enforcing('select: { protect: [{ unit: "*.service" }] }'));
    watched.run(1000);
    const before = watched.scans();
    watched.run(10_000);
    expect(watched.scans() - before).toBeLessThanOrEqual(100);
  });

  it('holds for what is too small to matter', () => {
    const shards = Array.from({ length: 120 }, (_, index) => ({ comm: `shard-${index}`, rssKiB: 62 * MIB }));
    const machine = createMachine({ totalKiB: 8 * GIB, programs: shards });
    const watched = watch(machine, enforcing('select: { minimum_size: 64MiB }'));
    watched.run(5000);
    expect(watched.story()).toEqual(['episode 1 starts', 'no action: below_minimum_size']);
  });
});

describe('a stuck victim', () => {
  it('is given up after its time, and the next one is taken', () => {
    const machine = host([
      { comm: 'stuck', rssKiB: 3 * GIB, kill: 'stuck', term: 'ignored' },
      { comm: 'next', rssKiB: 1.5 * GIB, grows: (ms) => (ms < 300 ? MIB : 0) },
    ]);
    const watched = watch(machine, enforcing('act: { term_timeout: 2s, victim_timeout: 5s }'));
    watched.run(30_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to stuck (mem_available)',
      'SIGKILL to stuck (term_timeout)',
      'stuck: stuck',
      'SIGTERM to next (mem_available)',
      'next: recovered',
      'episode 1 ends, signals: 3',
    ]);
    const [, killed, next] = watched.signals;
    expect((next?.atMs ?? 0) - (killed?.atMs ?? 0)).toBeGreaterThanOrEqual(5000);
  });

  it('is not the only one that may not be signalled: who is refused by the kernel is not tried again', () => {
    const machine = host([
      { comm: 'foreign', rssKiB: 3 * GIB, refused: true },
      { comm: 'next', rssKiB: 1.5 * GIB, grows: (ms) => (ms < 300 ? MIB : 0) },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(10_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to foreign (mem_available, errno 1)',
      'no action: no_privilege',
      'SIGTERM to next (mem_available)',
      'next: recovered',
      'episode 1 ends, signals: 1',
    ]);
  });

  it('that returns nothing leads on to the next', () => {
    const machine = host([
      { comm: 'shm', rssKiB: 3 * GIB, returns: 0 },
      { comm: 'next', rssKiB: 1.5 * GIB, grows: (ms) => (ms < 300 ? MIB : 0) },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(10_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to shm (mem_available)',
      'shm: not_returned',
      'SIGTERM to next (mem_available)',
      'next: recovered',
      'episode 1 ends, signals: 2',
    ]);
  });
});

describe('two leaks', () => {
  it('are ended one after the other, in one episode', () => {
    const machine = host([
      { comm: 'leak-a', rssKiB: 2 * GIB, grows: 300 * MIB * PER_SECOND },
      { comm: 'leak-b', rssKiB: 200 * MIB, grows: 1200 * MIB * PER_SECOND },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(20_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to leak-a (mem_available)',
      'leak-a: recovered',
      'SIGTERM to leak-b (mem_available)',
      'leak-b: recovered',
      'episode 1 ends, signals: 2',
    ]);
    expect(machine.alive()).toEqual(innocents.map(({ comm }) => comm));
    expect(machine.lost()).toBe(false);
  });
});

describe('a burst', () => {
  it('that stays above the marks kills nobody', () => {
    const machine = host([
      { comm: 'burst', rssKiB: GIB, grows: (ms) => (ms < 1000 ? 2 * MIB : ms < 2000 ? -2 * MIB : 0) },
    ]);
    const watched = watch(machine, enforcing());
    watched.run(10_000);
    expect(watched.story()).toEqual([]);
  });

  it('that recovers while a victim is being selected kills nobody', () => {
    const spike = (sinceMs: number): number => (sinceMs < 3000 ? MIB : -100 * MIB);
    const machine = host([{ comm: 'spike', rssKiB: 2.2 * GIB, grows: spike }]);
    const watched = watch(machine, enforcing());
    // A scan that takes so long that the spike is over when memory is read again.
    const { scan } = machine;
    machine.scan = () => {
      machine.pass(400);
      scan();
    };
    watched.run(10_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'no action: recovered_while_selecting',
      'episode 1 ends, signals: 0',
    ]);
  });
});
