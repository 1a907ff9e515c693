/** Scenarios: somebody is dying without our doing, processes die together, and whom the register keeps us waiting for. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { enforcing, host } from './support/hosts.ts';
import type { Machine, Program } from './support/machine.ts';
import { KNOWN } from './support/tables.ts';
import { type Watch, watch } from './support/watch.ts';

/** Behind the ten innocents. */
const FIRST = 10;
const POLICY = enforcing();
const corrected = (corrections: Partial<Policy['select']['corrections']>): Policy => ({
  ...POLICY,
  select: { ...POLICY.select, corrections: { ...POLICY.select.corrections, ...corrections } },
});

const hog = (differences: Partial<Program> = {}): Program => ({ comm: 'hog', rssKiB: 3 * GIB, ...differences });
const next = (differences: Partial<Program> = {}): Program => ({ comm: 'next', rssKiB: 2.3 * GIB, ...differences });

const firstShot = ({ signals }: Watch, machine: Machine): string => {
  const [shot] = signals;
  return shot === undefined ? 'nobody' : `${machine.table.comm[shot.slot]} at ${Math.round(shot.atMs / 100) / 10} s`;
};

/** A hog is dying since 0 ms, the host is at its mark. */
const played = (program: Partial<Program>, by: 'other' | 'kernel' | 'itself', policy = POLICY, sysctl = 0) => {
  const machine = host([hog({ kill: 'stuck', ...program }), next()]);
  const { readDetails } = machine;
  machine.readDetails = (sample) => {
    readDetails(sample);
    sample.oomKillAllocatingTask = sysctl;
  };
  const watched = watch(machine, policy);
  if (by === 'itself') machine.leave(FIRST);
  else machine.kill(FIRST, by);
  watched.run(9000);
  return { watched, shot: firstShot(watched, machine) };
};

describe('while somebody fresh is dying, nobody else is chosen', () => {
  it.each(['other', 'kernel', 'itself'] as const)('killed by %s: the next one after five seconds', (by) => {
    const { watched, shot } = played({ reap: 'hung' }, by);
    expect(shot).toMatch(/^next at 5/);
    expect(watched.of('no_action')[0]).toMatchObject({
      reason: 'waiting_for_victim',
      detail: expect.stringContaining(`killed by ${by}`),
    });
    expect(watched.of('victim')).toContainEqual(expect.objectContaining({ life: 'stuck', comm: 'hog' }));
  });

  it('and nobody at all when it goes in time', () => {
    expect(played({ kill: 800 }, 'other').shot).toBe('nobody');
  });

  it('but is as soon as its memory is back and is not enough', () => {
    // The hog keeps its memory: shared, so that a reaper gives nothing back.
    const { shot, watched } = played({ reap: 'released', returns: 0 }, 'other');
    expect(watched.of('reap')[0]).toMatchObject({ comm: 'hog', result: 'released' });
    expect(shot).toMatch(/^next at 0\.[2-5] s/);
  });

  it('the patch off: for ever', () => {
    expect(played({ reap: 'hung' }, 'other', corrected({ timers: false })).shot).toBe('nobody');
  });

  it('under oom_kill_allocating_task as well', () => {
    expect(played({ reap: 'hung' }, 'kernel', POLICY, 1).shot).toMatch(/^next at 5/);
  });

  it('patch 6 off: victims of the kernel are not waited for under that sysctl, those of others are', () => {
    const off = corrected({ waitAllocatingTask: false });
    expect(played({ reap: 'hung' }, 'kernel', off, 1).shot).toMatch(/^next at 0/);
    expect(played({ reap: 'hung' }, 'kernel', off, 0).shot).toMatch(/^next at 5/);
    expect(played({ reap: 'hung' }, 'other', off, 1).shot).toMatch(/^next at 5/);
  });

  it('unless the kernel says that nothing will come of it', () => {
    const machine = host([hog({ kill: 'stuck', reap: 'hung' }), next()]);
    const { kernelEvents } = machine;
    const watched = watch(machine, POLICY);
    machine.kill(FIRST, 'kernel');
    machine.kernelEvents = () => {
      const isTime = machine.nowMs() >= 1000 && machine.nowMs() < 1200;
      const pid = machine.table.pid[FIRST] as number;
      const gaveUp = { kind: 'unable_to_reap', source: 'kmsg', timeUs: 0, pid, comm: 'hog' } as const;
      return isTime ? [gaveUp] : kernelEvents();
    };
    watched.run(9000);
    expect(firstShot(watched, machine)).toMatch(/^next at 1/);
  });

  it('patch 2 off: somebody who exits ends every search, as in 4.5', () => {
    const { shot, watched } = played({ reap: 'hung' }, 'itself', corrected({ exitingDoesNotAbort: false }));
    expect(shot).toBe('nobody');
    expect(watched.of('no_action').at(-1)).toMatchObject({ reason: 'waiting_for_victim' });
  });

  it('its slot is taken by another, who is no victim', () => {
    const machine = host([hog({ kill: 100 }), next()]);
    const watched = watch(machine, POLICY);
    machine.kill(FIRST, 'other');
    watched.run(2000);
    machine.start({ comm: 'later', rssKiB: 3 * GIB });
    watched.run(2000);
    expect(watched.signals.map(({ slot }) => machine.table.comm[slot])).toEqual(['later']);
  });
});

describe('a victim of ours', () => {
  it('that the kernel kills as well is told and stays ours: nobody else is', () => {
    const machine = host([hog({ kill: 3000, term: 'ignored', grows: 1000 }), next()]);
    const watched = watch(machine, POLICY);
    watched.run(2000);
    expect(watched.signals.map(({ signal }) => signal)).toContain('KILL');
    machine.kill(FIRST, 'kernel');
    watched.run(3000);
    expect(watched.of('kernel_kill')).toMatchObject([{ comm: 'hog' }]);
    expect(new Set(watched.of('victim').map(({ killedBy }) => killedBy))).toEqual(new Set(['oomwatchd']));
    expect(new Set(watched.signals.map(({ slot }) => slot))).toEqual(new Set([FIRST]));
  });

  it('that hangs gives its memory back to a reaper, and nobody else has to die', () => {
    const machine = host([
      hog({ kill: 'stuck', reap: 'released', grows: MIB, rssKiB: 5 * GIB }),
      next({ rssKiB: GIB / 2 }),
    ]);
    const watched = watch(machine, POLICY);
    watched.run(10_000);
    expect(new Set(watched.signals.map(({ slot }) => machine.table.comm[slot]))).toEqual(new Set(['hog']));
    expect(watched.of('reap')[0]).toMatchObject({ result: 'released' });
    expect(watched.of('verify').at(-1)).toMatchObject({ verdict: 'recovered', exited: false });
    expect(machine.lost()).toBe(false);
  });
});

describe('processes that share one mm', () => {
  const pair = (first: Partial<Program>, second: Partial<Program>) => {
    const machine = host([
      hog({ rssKiB: 4.5 * GIB, ...first }),
      { comm: 'mate', rssKiB: 0, sharesMm: true, ...second },
      next({ rssKiB: GIB / 2 }),
    ]);
    const watched = watch(machine, POLICY);
    watched.run(12_000);
    return {
      watched,
      machine,
      shots: watched.signals.map(({ signal, slot }) => `${signal} ${machine.table.comm[slot]}`),
    };
  };

  it('are asked together, and counted once', () => {
    const { watched, shots } = pair({}, {});
    expect(shots).toEqual(['TERM mate', 'TERM hog']);
    expect(watched.of('signal')).toMatchObject([
      { company: '', victim: { comm: 'mate' } },
      { company: 'mm_group', victim: { comm: 'hog' } },
    ]);
    expect(watched.of('verify').at(-1)).toMatchObject({ verdict: 'recovered', expectedKiB: 4.5 * GIB });
    expect(watched.of('episode_ended')).toMatchObject([{ signals: 2 }]);
  });

  it('are killed together when they do not go', () => {
    const { shots, watched } = pair({ term: 'ignored' }, { term: 'ignored' });
    expect(shots).toEqual(['TERM mate', 'TERM hog', 'KILL mate', 'KILL hog']);
    expect(
      watched
        .of('signal')
        .map(({ reason }) => reason)
        .slice(2),
    ).toEqual(['term_timeout', 'term_timeout']);
    expect(watched.of('reap').map(({ comm }) => comm)).toEqual(['mate', 'hog']);
  });

  it.each<[string, Partial<Program>]>([
    ['at -1000', { row: { oomScoreAdj: -1000 } }],
    ['init', { row: { flags: KNOWN | FLAG.INIT } }],
    ['unidentified', { row: { flags: FLAG.ARMED } }],
  ])('are spared when one is %s: the next one dies', (_, row) => {
    const { shots } = pair({}, row);
    expect(shots[0]).toBe('TERM next');
    expect(shots).not.toContain('TERM hog');
    expect(shots).not.toContain('TERM mate');
  });
});

it('a cgroup with memory.oom.group goes as a whole, but for the one at -1000', () => {
  const row = { oomGroup: '/pod' };
  const machine = host([
    hog({ row }),
    { comm: 'small', rssKiB: MIB, row },
    { comm: 'agent', rssKiB: MIB, row: { ...row, oomScoreAdj: -1000 } },
    { comm: 'worker', rssKiB: 2.3 * GIB, row },
  ]);
  const watched = watch(machine, POLICY);
  watched.run(5000);
  expect(watched.of('signal').map(({ victim, company }) => [victim.comm, company])).toEqual([
    ['hog', ''],
    ['small', 'oom_group'],
    ['worker', 'oom_group'],
  ]);
  expect(machine.alive()).toContain('agent');
  expect(watched.of('verify').at(-1)).toMatchObject({ expectedKiB: 5.3 * GIB + MIB, verdict: 'recovered' });
});
