import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { createMachine, type Program, type Strain } from '../core/support/machine.ts';
import { KNOWN } from '../core/support/tables.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createRig } from './support/ports.ts';

const MARKS = 'detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }';
const ENFORCE = defaultPolicy(`mode: enforce\n${MARKS}`);

const THRASHABLE: Policy = {
  ...ENFORCE,
  detect: {
    ...ENFORCE.detect,
    thrash: { ...ENFORCE.detect.thrash, enabled: true, windowMs: 1000, holdMs: 1000, restoresPerS: 200 },
  },
};

const hog = (availableMiB: number, differences: Partial<Program> = {}): Program => ({
  comm: 'hog',
  rssKiB: (8192 - availableMiB) * MIB,
  ...differences,
});
const host = (...programs: Program[]) => createMachine({ totalKiB: 8 * GIB, programs });

/** The log between two lines, both left out. */
const between = (log: readonly string[], from: string, to: string): readonly string[] =>
  log.slice(log.indexOf(from) + 1, log.indexOf(to));

describe('a calm turn', () => {
  it('reads the basics and what they ask for, keeps the index up, and tells its numbers', () => {
    const rig = createRig(host(), ENFORCE);
    rig.turnLate(0);
    // The first turn wants all details; PSI that does not grow gives no reason for more.
    expect(rig.log).toEqual(['basics', 'details', 'refresh 2', 'publish candidates', 'gauges', 'ticked']);
    rig.log.length = 0;
    rig.turnLate(0);
    expect(rig.log).toEqual(['basics', 'gauges', 'ticked']);
  });

  it('goes on with a round that was not finished, and starts the next one half a minute later', () => {
    let rounds = 0;
    const machine = host();
    const rig = createRig(machine, ENFORCE, { refreshed: () => ++rounds % 3 === 0 });
    rig.run(20_000);
    expect(rig.log.filter((line) => line === 'refresh 2')).toHaveLength(3);
    rig.run(20_000);
    expect(rig.log.filter((line) => line === 'refresh 2')).toHaveLength(6);
  });

  it('feeds the watchdog once a turn, after everything else', () => {
    const rig = createRig(host(hog(600)), ENFORCE);
    rig.run(3000);
    expect(rig.log.at(-1)).toBe('ticked');
    expect(rig.log.filter((line) => line === 'ticked')).toHaveLength(rig.loop.numbers.ticks);
  });
});

describe('an emergency', () => {
  it('does nothing between verdict and signal but scan and read again', () => {
    const rig = createRig(host(hog(600)), ENFORCE);
    rig.turnLate(0);
    expect(rig.log.slice(0, rig.log.indexOf('TERM hog') + 1)).toEqual([
      'basics',
      'details',
      'scan',
      'basics',
      'TERM hog',
    ]);
  });

  it('tells everything after the shot, and refreshes nothing', () => {
    const rig = createRig(host(hog(600)), ENFORCE);
    rig.turnLate(0);
    expect(rig.log.slice(rig.log.indexOf('TERM hog') + 1)).toEqual([
      'publish level',
      'publish episode_started',
      'publish ranked',
      'publish signal',
      'gauges',
      'ticked',
    ]);
  });

  it('escalates without a scan', () => {
    const machine = host(hog(600, { term: 'ignored', grows: 100 }));
    const rig = createRig(machine, ENFORCE);
    rig.run(6000);
    const scans = rig.log
      .slice(rig.log.indexOf('TERM hog'), rig.log.indexOf('KILL hog'))
      .filter((line) => line === 'scan');
    expect(scans).toEqual([]);
  });

  it('measures from the turn that brought the verdict to the return of the signal', () => {
    const rig = createRig(host(hog(600)), ENFORCE);
    rig.turnLate(0);
    expect(rig.events.find((event) => event.kind === 'signal')).toMatchObject({ sinceVerdictMs: 2 });
    expect(rig.events.find((event) => event.kind === 'ranked')).toMatchObject({ scanMs: 2 });
  });

  it('sees its victim go and says what came of it', () => {
    const rig = createRig(host(hog(600)), ENFORCE);
    rig.run(1000);
    expect(rig.events.filter((event) => event.kind === 'verify')).toMatchObject([
      { comm: 'hog', exited: true, verdict: null },
      { comm: 'hog', exited: true, verdict: 'recovered' },
    ]);
  });

  it('does not ask after the exit of a process that was only named', () => {
    const rig = createRig(host(hog(600)), defaultPolicy(MARKS));
    rig.run(10_000);
    expect(rig.events.filter((event) => event.kind === 'verify')).toEqual([]);
  });
});

describe('the index is refreshed', () => {
  it('every two seconds near the marks, by larger slices', () => {
    const rig = createRig(host(hog(1500)), ENFORCE);
    rig.run(20_000);
    const slices = rig.log.filter((line) => line.startsWith('refresh'));
    expect(new Set(slices)).toEqual(new Set(['refresh 3']));
    expect(slices.length).toBeGreaterThanOrEqual(9);
    expect(slices.length).toBeLessThanOrEqual(11);
  });

  it('in every turn while memory will be gone within ten seconds', () => {
    const rig = createRig(host(hog(6000, { grows: MIB })), ENFORCE);
    rig.run(1000);
    rig.log.length = 0;
    rig.run(3000);
    expect(rig.state.level).toBe(LEVEL.APPROACH);
    const turns = rig.log.filter((line) => line === 'ticked').length;
    expect(rig.log.filter((line) => line === 'refresh 3')).toHaveLength(turns);
  });
});

describe('the index is not refreshed', () => {
  const refreshes = (log: readonly string[]): number => log.filter((line) => line.startsWith('refresh')).length;

  it('at the term level and above', () => {
    // Asked at once, killed after 5 s, given up after 10 s: until then there is a victim to wait for.
    const rig = createRig(host(hog(600, { term: 'ignored', kill: 'stuck' })), ENFORCE);
    rig.run(9500);
    expect(refreshes(rig.log)).toBe(0);
  });

  it('except for somebody to choose: with nobody known that may be, only a new process can help', () => {
    const protecting = defaultPolicy(`mode: enforce\n${MARKS}\nselect: { protect: [{ unit: hog.service }] }`);
    const rig = createRig(host(hog(600)), protecting);
    rig.run(5000);
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'no_action', reason: 'all_protected' }));
    expect(refreshes(rig.log)).toBeGreaterThanOrEqual(4);
  });

  it('within a second of a signal, as memory must return first', () => {
    const machine = host(hog(1500), { comm: 'leak', rssKiB: MIB, grows: (ms) => (ms > 1000 ? MIB : 0) });
    const rig = createRig(
      machine,
      defaultPolicy(`mode: enforce\n${MARKS}\nselect: { protect: [{ unit: hog.service }] }`),
      {
        refreshed: () => false,
      },
    );
    rig.run(10_000);
    const shot = rig.log.indexOf('TERM leak');
    const next = rig.log.findIndex((line, at) => at > shot && line.startsWith('refresh'));
    expect(shot).toBeGreaterThan(0);
    expect(next).toBeGreaterThan(shot);
    // Approach level all the while: about one turn in 250 ms.
    expect(rig.log.slice(shot, next).filter((line) => line === 'ticked').length).toBeGreaterThanOrEqual(4);
  });

  it('while more than a tenth of the time is stalled, even where no level is reached', () => {
    const machine = host();
    const rig = createRig(machine, ENFORCE, { refreshed: () => false });
    const strain: Strain = { fullShare: 0.2, scanned: 0, restores: 0, usablePages: 400_000 };
    machine.strain(strain);
    rig.run(2000);
    rig.log.length = 0;
    rig.run(5000);
    expect(rig.state.level).toBe(LEVEL.CALM);
    expect(refreshes(rig.log)).toBe(0);
    machine.strain({ ...strain, fullShare: 0.05 });
    rig.run(2000);
    rig.log.length = 0;
    rig.run(5000);
    expect(refreshes(rig.log)).toBeGreaterThan(0);
  });
});

describe('a process that outgrew all candidates before anybody looked at it', () => {
  const stranger: Program = { comm: 'stranger', rssKiB: 5 * GIB, row: { flags: FLAG.ARMED } };
  const known: Program = { comm: 'known', rssKiB: 2.4 * GIB };

  const identified = (protectRule: number, ...programs: Program[]) => {
    const machine = host(...programs);
    const rig = createRig(machine, ENFORCE, {
      identify: (slot) => {
        machine.table.flags[slot] = KNOWN;
        machine.table.protectRule[slot] = protectRule;
      },
    });
    rig.turnLate(0);
    return rig;
  };

  it('is identified first, and dies in the place of an innocent', () => {
    const rig = identified(ABSENT, stranger, known);
    expect(between(rig.log, 'scan', 'TERM stranger')).toEqual(['basics', 'identify 0']);
  });

  it('is spared when it turns out to be protected', () => {
    const rig = identified(0, stranger, known);
    expect(rig.log).toContain('identify 0');
    expect(rig.log).toContain('TERM known');
  });

  it('is not looked at when a known process is larger', () => {
    const rig = identified(ABSENT, { ...stranger, rssKiB: GIB }, { ...known, rssKiB: 6.5 * GIB });
    expect(rig.log.filter((line) => line.startsWith('identify'))).toEqual([]);
  });

  it('is told as chosen and not as missing before', () => {
    const rig = identified(ABSENT, { ...stranger, rssKiB: 7.4 * GIB });
    expect(rig.log).toContain('TERM stranger');
    expect(rig.events.filter((event) => event.kind === 'no_action')).toEqual([]);
  });

  it('is looked at for a choice and for nothing else', () => {
    const machine = host({ ...stranger, rssKiB: 7.6 * GIB });
    const rig = createRig(machine, ENFORCE);
    rig.run(2000);
    // The next scan finds the shortage over: the ranking of the last one says nothing any more.
    const { scan } = machine;
    machine.scan = () => {
      scan();
      machine.endAll();
    };
    rig.log.length = 0;
    rig.run(2000);
    expect(rig.log.filter((line) => line.startsWith('identify'))).toEqual([]);
  });

  it('costs at most four looks, whatever there is', () => {
    const machine = host(...Array.from({ length: 9 }, (): Program => ({ ...stranger, rssKiB: 0.84 * GIB })));
    const rig = createRig(machine, ENFORCE);
    rig.turnLate(0);
    expect(rig.log.filter((line) => line.startsWith('identify'))).toHaveLength(4);
  });
});

describe('the pause', () => {
  const pauses = (fullShare: number): number => {
    const machine = host();
    const rig = createRig(machine, ENFORCE);
    rig.run(10_000);
    machine.strain({ fullShare, scanned: 0, restores: 0, usablePages: 400_000 });
    const before = rig.loop.numbers.ticks;
    rig.run(10_000);
    return rig.loop.numbers.ticks - before;
  };

  it('is short while tasks wait for memory for a twentieth of the time, or thrash could not be judged', () => {
    expect(pauses(0.06)).toBeGreaterThan(130);
  });

  it('is long while they wait less, as in any busy cgroup', () => {
    expect(pauses(0.04)).toBeLessThan(12);
    expect(pauses(0)).toBeLessThan(12);
  });
});

describe('lateness', () => {
  it('is told, and is among the numbers', () => {
    const machine = host();
    const rig = createRig(machine, ENFORCE, { ownMajorFaults: () => 7 });
    rig.run(2000);
    rig.turnLate(900);
    expect(rig.events).toContainEqual({ kind: 'late', lateMs: 900, majorFaults: 7 });
    expect(rig.loop.numbers).toMatchObject({ lateMs: 900, lateMaxMs: 900 });
    rig.run(2000);
    expect(rig.loop.numbers).toMatchObject({ lateMs: 0, lateMaxMs: 900 });
  });

  it('counts what held the turn up before it had read, and the turn is judged by the time of its reading', () => {
    const machine = host();
    let isHeldUp = false;
    const beforeReading = (): void => {
      if (isHeldUp) machine.pass(10_000);
      isHeldUp = false;
    };
    const rig = createRig(machine, ENFORCE, { beforeReading });
    rig.run(2000);
    isHeldUp = true;
    rig.turnLate(0);
    expect(rig.events).toContainEqual({ kind: 'late', lateMs: 10_000, majorFaults: 0 });
    expect(rig.loop.numbers).toMatchObject({ lateMs: 10_000, durationMs: 10_000 });
    expect(rig.loop.numbers.nowMs).toBeGreaterThan(12_000);
  });

  it('stands in for PSI where the kernel has none, up to the shot', () => {
    const machine = createMachine({ totalKiB: 8 * GIB, hasPsi: false, programs: [hog(2500)] });
    machine.strain({ fullShare: 0, scanned: 10_000, restores: 2400, usablePages: 30_000 });
    const rig = createRig(machine, THRASHABLE);
    for (let turns = 0; turns < 10; turns++) rig.turnLate(700);
    expect(rig.log).toContain('KILL hog');
  });

  it('is told once in a turn that scans', () => {
    const machine = host(hog(600));
    const rig = createRig(machine, ENFORCE);
    rig.turnLate(900);
    expect(rig.events.filter((event) => event.kind === 'late')).toHaveLength(1);
  });
});

describe('its numbers', () => {
  it('are those of the turn', () => {
    const machine = host(hog(3000));
    const rig = createRig(machine, ENFORCE);
    rig.turnLate(0);
    expect(rig.loop.numbers).toMatchObject({
      nowMs: 0,
      level: LEVEL.CALM,
      observing: false,
      headroomKiB: 2200 * MIB,
      exhaustionMs: ABSENT,
      ticks: 1,
    });
  });

  it('say how long the turn took', () => {
    const machine = host(hog(600));
    machine.pass(500);
    const rig = createRig(machine, ENFORCE);
    rig.turnLate(0);
    expect(rig.loop.numbers.durationMs).toBe(2);
  });

  it('keeps a process that it protects from the SIGKILL that would follow', () => {
    const machine = host(hog(600, { term: 'ignored' }));
    const rig = createRig(machine, ENFORCE);
    rig.run(1000);
    expect(rig.log).toContain('TERM hog');
    // As the index does it before the loop is told: every known process is matched anew.
    const protecting = defaultPolicy(`mode: enforce\n${MARKS}\nselect: { protect: [{ unit: hog.service }] }`);
    machine.apply(protecting.select);
    rig.loop.setPolicy(protecting);
    rig.run(8000);
    expect(rig.log).not.toContain('KILL hog');
  });

  it('follow a new policy from the next turn on', () => {
    const rig = createRig(
      host(hog(600)),
      defaultPolicy('mode: observe\ndetect: { term: { mem_available: 100MiB }, kill: { mem_available: 50MiB } }'),
    );
    rig.run(1000);
    expect(rig.log).not.toContain('scan');
    rig.loop.setPolicy(ENFORCE);
    rig.run(1000);
    expect(rig.log).toContain('TERM hog');
    expect(rig.loop.numbers.observing).toBe(false);
  });

  it('count all memory, swap included, as the kernel does for badness', () => {
    const machine = createMachine({ totalKiB: 8 * GIB, swapKiB: 2 * GIB, programs: [] });
    createRig(machine, ENFORCE).turnLate(0);
    expect(machine.table.totalPages).toBe((10 * GIB) / 4);
  });
});
