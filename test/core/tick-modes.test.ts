/** More incidents in virtual time: budget, swap, observe mode, reloads in the middle, thrash. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { ENFORCE, enforcing, host, innocents, PER_SECOND } from './support/hosts.ts';
import type { Program, Strain } from './support/machine.ts';
import { watch } from './support/watch.ts';

describe('the budget', () => {
  it('ends the killing, says so, and goes on when it is there again', () => {
    const machine = host([]);
    const watched = watch(machine, enforcing('act: { kills_per_minute: 2, kills_per_hour: 60 }'));
    for (let restarts = 0; restarts < 9; restarts++) {
      machine.start({ comm: 'worker', rssKiB: 4.6 * GIB, grows: (ms) => (ms < 1000 ? MIB / 2 : 0) });
      watched.run(10_000);
    }
    const kills = watched.signals.map(({ atMs }) => atMs);
    expect(watched.story()).toContain('no action: budget_exhausted');
    for (const at of kills)
      expect(kills.filter((other) => at - other >= 0 && at - other < 60_000).length).toBeLessThanOrEqual(2);
    expect(kills.length).toBeGreaterThan(2);
  });
});

describe('swap', () => {
  const leak: Program = { comm: 'leak', rssKiB: GIB, grows: 500 * MIB * PER_SECOND };
  const withSwap = { swapKiB: 4 * GIB };

  it('must be short as well with "and"', () => {
    const machine = host([leak], withSwap);
    const watched = watch(machine, enforcing('act: { term_timeout: 5s }'));
    watched.run(30_000);
    expect(watched.story()[1]).toBe('SIGTERM to leak (mem_available+swap_free)');
    const [event] = watched.of('signal');
    expect(event?.memory.swapFreeKiB).toBeLessThanOrEqual(0.4 * GIB);
    expect(machine.lost()).toBe(false);
  });

  it('need not be short with "or"', () => {
    const machine = host([leak], withSwap);
    const watched = watch(machine, defaultPolicy(ENFORCE.replace('detect: {', 'detect: { combine: or,')));
    watched.run(30_000);
    expect(watched.story()[1]).toBe('SIGTERM to leak (mem_available)');
    const [event] = watched.of('signal');
    expect(event?.memory.swapFreeKiB).toBe(4 * GIB);
  });
});

describe('observe mode', () => {
  const hog: Program = { comm: 'hog', rssKiB: 4.8 * GIB, grows: (ms) => (ms < 100 ? MIB : 0) };

  it('kills nothing, and names the same process again once a minute', () => {
    const machine = host([hog, { comm: 'second', rssKiB: 100 * MIB }]);
    const watched = watch(machine, { ...enforcing(), mode: 'observe' });
    watched.run(150_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'would send SIGTERM to hog (mem_available)',
      'no action: observe_mode',
      'would send SIGKILL to hog (term_timeout)',
      'no action: observe_mode',
      'would send SIGTERM to hog (mem_available)',
      'no action: observe_mode',
      'would send SIGKILL to hog (term_timeout)',
      'no action: observe_mode',
      'would send SIGTERM to hog (mem_available)',
      'no action: observe_mode',
      'would send SIGKILL to hog (term_timeout)',
      'no action: observe_mode',
    ]);
    expect(machine.alive()).toHaveLength(12);
  });

  it('ends its episode when memory comes back by itself', () => {
    const machine = host([{ ...hog, grows: (ms) => (ms < 100 ? MIB : ms > 20_000 && ms < 21_000 ? -MIB : 0) }]);
    const watched = watch(machine, { ...enforcing(), mode: 'observe' });
    watched.run(30_000);
    expect(watched.story().at(-1)).toBe('episode 1 ends, signals: 0');
  });
});

describe('a reload in the middle', () => {
  const hog: Program = { comm: 'hog', rssKiB: 4.8 * GIB, grows: (ms) => (ms < 100 ? MIB : 0), term: 'ignored' };

  it('from observe to enforce begins with a true SIGTERM', () => {
    const machine = host([hog]);
    const watched = watch(machine, { ...enforcing(), mode: 'observe' });
    watched.run(8000);
    watched.setPolicy(enforcing());
    watched.run(12_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'would send SIGTERM to hog (mem_available)',
      'no action: observe_mode',
      'would send SIGKILL to hog (term_timeout)',
      'no action: observe_mode',
      'SIGTERM to hog (mem_available)',
      'SIGKILL to hog (term_timeout)',
      'hog: recovered',
      'episode 1 ends, signals: 2',
    ]);
  });

  it('from enforce to observe sends nothing more', () => {
    const machine = host([hog]);
    const watched = watch(machine, enforcing());
    watched.run(3000);
    watched.setPolicy({ ...enforcing(), mode: 'observe' });
    watched.run(60_000);
    expect(machine.alive()).toContain('hog');
    expect(watched.signals.filter(({ dryRun }) => !dryRun).map(({ signal }) => signal)).toEqual(['TERM']);
    expect(watched.story()).not.toContain('hog: stuck');
  });

  it('that protects the hog takes the next one', () => {
    const machine = host([
      { ...hog, rssKiB: 3 * GIB },
      { comm: 'next', rssKiB: 1.7 * GIB, grows: (ms) => (ms < 300 ? MIB : 0) },
    ]);
    const watched = watch(machine, { ...enforcing(), mode: 'observe' });
    watched.run(3000);
    watched.setPolicy(enforcing('select: { protect: [{ unit: hog.service }] }'));
    watched.run(10_000);
    expect(machine.alive()).toEqual([...innocents.map(({ comm }) => comm), 'hog']);
  });

  it('with lower marks ends the shortage', () => {
    const machine = host([hog]);
    const watched = watch(machine, enforcing());
    watched.run(3000);
    watched.setPolicy(
      defaultPolicy('mode: enforce\ndetect: { term: { mem_available: 100MiB }, kill: { mem_available: 50MiB } }'),
    );
    watched.run(20_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGTERM to hog (mem_available)',
      'episode 1 ends, signals: 1',
    ]);
  });
});

describe('file-page thrash with a quarter of memory available', () => {
  const policy = (): Policy => {
    const { detect, ...rest } = enforcing();
    const thrash = { enabled: true, windowMs: 1000, holdMs: 1000, fullPermyriad: 2000, restoresPerS: 200 };
    return { ...rest, detect: { ...detect, thrash: { ...detect.thrash, ...thrash } } };
  };
  const churn: Program = { comm: 'churn', rssKiB: 3.6 * GIB };
  const THRASH: Strain = { fullShare: 0.6, scanned: 10_000, restores: 2400, usablePages: 30_000 };

  it('is ended by SIGKILL within seconds, though no mark is reached', () => {
    const machine = host([churn]);
    const watched = watch(machine, policy());
    watched.run(5000);
    machine.strain(THRASH);
    const onsetMs = machine.nowMs();
    watched.run(4000);
    machine.strain(null);
    watched.run(10_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGKILL to churn (thrash)',
      'churn: recovered',
      'episode 1 ends, signals: 1',
    ]);
    expect((watched.signals[0]?.atMs ?? 0) - onsetMs).toBeLessThan(3500);
  });

  it('costs one process when one is enough: what the window remembers is no new thrash', () => {
    const machine = host([{ ...churn, rssKiB: 1.5 * GIB }], { baseKiB: 2.6 * GIB });
    const watched = watch(machine, policy(), ({ dryRun }) => {
      // The thrash ends with the first victim.
      if (!dryRun) machine.strain(null);
    });
    machine.strain(THRASH);
    watched.run(20_000);
    expect(watched.story()).toEqual([
      'episode 1 starts',
      'SIGKILL to churn (thrash)',
      'churn: recovered',
      'episode 1 ends, signals: 1',
    ]);
  });

  it('waits for the window to forget before it takes another one', () => {
    const machine = host([{ ...churn, rssKiB: 1.5 * GIB }], { baseKiB: 2.6 * GIB });
    const watched = watch(machine, policy(), () => {
      // Page cache takes at once what the victim gives back, but nobody stalls any more.
      machine.strain({ fullShare: 0, scanned: 100, restores: 0, usablePages: 30_000 });
    });
    machine.strain(THRASH);
    watched.run(20_000);
    expect(watched.signals).toHaveLength(1);
  });

  it.each<[string, Strain]>([
    ['a memcg at its own limit', { ...THRASH, scanned: 0, usablePages: 400_000 }],
    ['a big streaming read', { ...THRASH, fullShare: 0.05, restores: 60 }],
  ])('is not %s: nobody dies', (_, strain) => {
    const machine = host([churn]);
    machine.strain(strain);
    const watched = watch(machine, policy());
    watched.run(60_000);
    expect(watched.story()).toEqual([]);
  });
});
