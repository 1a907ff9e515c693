/** The loop around the dying: order of calls, kernel events, the reaper, and forced selections between two turns. */
import { describe, expect, it } from 'vitest';
import type { ForcedAnswer, ForcedRequest } from '../../src/core/forced.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { createMachine, type Program } from '../core/support/machine.ts';
import { KNOWN } from '../core/support/tables.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createRig, type Rig, type RigOptions } from './support/ports.ts';

const MARKS = 'detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }';
const ENFORCE = defaultPolicy(`mode: enforce\n${MARKS}`);
const OBSERVE = defaultPolicy(`mode: observe\n${MARKS}`);

const hog = (availableMiB: number, differences: Partial<Program> = {}): Program => ({
  comm: 'hog',
  rssKiB: (8192 - availableMiB) * MIB,
  ...differences,
});
const rigOf = (programs: readonly Program[], policy = ENFORCE, options: RigOptions = {}) => {
  const machine = createMachine({ totalKiB: 8 * GIB, programs });
  return { machine, rig: createRig(machine, policy, options) };
};
const after = (log: readonly string[], line: string): readonly string[] => log.slice(log.indexOf(line));
const kindsOf = ({ events }: Rig): string[] => events.map(({ kind }) => kind);

describe('a kill', () => {
  const POD = { row: { oomGroup: '/pod' } };

  it('is all shots, then the reaper for each, then what is told; nothing is opened between', () => {
    const { rig } = rigOf([
      hog(300, POD),
      { comm: 'mate', rssKiB: 0, sharesMm: true, ...POD },
      { comm: 'side', rssKiB: MIB, ...POD },
    ]);
    rig.turnLate(0);
    expect(rig.log).toEqual([
      ...['basics', 'details', 'scan', 'basics', 'KILL mate', 'KILL hog', 'KILL side'],
      ...['reap mate', 'reap hog', 'reap side'],
      ...['publish level', 'publish episode_started', 'publish ranked'],
      ...['publish signal', 'publish signal', 'publish signal', 'gauges', 'ticked'],
    ]);
  });

  it('is followed to its end: memory, then life', () => {
    const { rig } = rigOf([hog(300, { kill: 2000 })]);
    rig.run(5000);
    expect(rig.events.filter(({ kind }) => kind === 'reap')).toMatchObject([{ comm: 'hog', result: 'released' }]);
    expect(rig.events.flatMap((event) => (event.kind === 'victim' ? [event.life] : []))).toEqual(['reaped', 'gone']);
    expect(rig.state.register.dying).toEqual([]);
  });

  it('that does not end is examined after a second, off the loop', () => {
    const { rig } = rigOf([hog(300, { kill: 'stuck' })]);
    rig.run(900);
    expect(rig.log).not.toContain('examine hog');
    rig.run(400);
    expect(rig.log.filter((line) => line === 'examine hog')).toHaveLength(1);
  });

  it('only named takes nobody’s memory', () => {
    const { rig } = rigOf([hog(300)], OBSERVE);
    rig.run(3000);
    expect(rig.log.filter((line) => /^(reap|examine) /.test(line))).toEqual([]);
    expect(rig.state.register.dying).toEqual([]);
  });
});

describe('a kill of the kernel', () => {
  it('enrols its victim, is told once, and is followed to its end on a calm host', () => {
    const { machine, rig } = rigOf([hog(4000, { kill: 300 })]);
    rig.turnLate(0);
    machine.kill(0, 'kernel');
    rig.turnLate(0);
    expect(rig.state.register.dying).toMatchObject([{ slot: 0, killedBy: 'kernel', comm: 'hog' }]);
    rig.run(20_000);
    expect(rig.events.filter(({ kind }) => kind === 'kernel_kill')).toMatchObject([{ comm: 'hog', scope: 'memcg' }]);
    expect(rig.events.filter(({ kind }) => kind === 'victim').at(-1)).toMatchObject({
      life: 'gone',
      killedBy: 'kernel',
    });
    expect(kindsOf(rig)).not.toContain('kernel_kills_unseen');
    expect(rig.log.filter((line) => line.startsWith('reap'))).toEqual([]);
  });

  it('that no record tells of is noticed by the counter', () => {
    const { machine, rig } = rigOf([hog(4000)]);
    rig.turnLate(0);
    machine.kill(0, 'kernel');
    machine.kernelEvents();
    rig.run(40_000);
    expect(rig.events.filter(({ kind }) => kind === 'kernel_kills_unseen')).toEqual([
      { kind: 'kernel_kills_unseen', counted: 1, seen: 0 },
    ]);
  });

  it('is looked at closely while it dies: the counters are read each turn', () => {
    const { machine, rig } = rigOf([hog(4000, { kill: 'stuck' })]);
    rig.run(2000);
    machine.kill(0, 'kernel');
    rig.turnLate(0);
    rig.log.length = 0;
    rig.run(500);
    expect(rig.log.filter((line) => line === 'details')).toHaveLength(
      rig.log.filter((line) => line === 'basics').length,
    );
  });
});

describe('a forced selection', () => {
  const REQUEST: ForcedRequest = { by: 'socket', reason: 'stuck', observe: false, sysrq: false };
  const calm = [hog(4000), { comm: 'small', rssKiB: 10 * MIB }];
  /** A round that was under way to its end, and one that lists anew. */
  const LOOK = ['refresh 150', 'refresh 150'];

  const forced = (
    programs: readonly Program[],
    request: Partial<ForcedRequest> = {},
    policy = ENFORCE,
    options: RigOptions = {},
  ): { rig: Rig; answer: ForcedAnswer } => {
    const { rig } = rigOf(programs, policy, options);
    rig.turnLate(0);
    rig.log.length = rig.events.length = 0;
    return { rig, answer: rig.loop.force({ ...REQUEST, ...request }) };
  };

  it('scans, shoots, reaps, and tells, in that order and at once', () => {
    const { rig, answer } = forced(calm);
    expect(answer).toMatchObject({ outcome: 'signalled', victim: { comm: 'hog' }, detail: '' });
    expect(rig.log).toEqual([
      ...[...LOOK, 'scan', 'basics', 'details', 'KILL hog', 'reap hog'],
      ...['publish episode_started', 'publish ranked', 'publish signal', 'publish forced'],
    ]);
    expect(rig.events.at(-1)).toEqual({
      ...{ kind: 'forced', by: 'socket', reason: 'stuck', outcome: 'signalled', pid: 100, detail: '' },
    });
    expect(rig.events.at(-2)).toMatchObject({ kind: 'signal', reason: 'forced', sent: true, sinceVerdictMs: 2 });
  });

  it('looks first who has come since the last round, but neither in a shortage nor right after a shot', () => {
    const { rig } = forced([hog(4000), { comm: 'next', rssKiB: GIB }]);
    rig.log.length = 0;
    rig.loop.force(REQUEST);
    expect(rig.log).not.toContain('refresh 150');
    const short = forced([hog(300)]);
    expect(short.rig.state.level).toBeGreaterThanOrEqual(LEVEL.TERM);
    expect(short.rig.log).not.toContain('refresh 150');
  });

  it('is followed by the next turns like any other, and its episode ends', () => {
    const { rig } = forced(calm);
    rig.run(6000);
    expect(rig.events.filter(({ kind }) => kind === 'verify').at(-1)).toMatchObject({ verdict: 'recovered' });
    expect(kindsOf(rig)).toContain('episode_ended');
  });

  it('asked twice takes two, never one twice', () => {
    const { rig } = forced([hog(4000, { kill: 'stuck' }), { comm: 'small', rssKiB: 10 * MIB, kill: 'stuck' }]);
    expect(rig.loop.force(REQUEST)).toMatchObject({ victim: { comm: 'small' }, corrections: [{ patch: 1 }] });
    expect(rig.loop.force(REQUEST)).toMatchObject({ outcome: 'nobody', victim: null });
    rig.run(20_000);
    expect(rig.loop.force(REQUEST)).toMatchObject({ outcome: 'nobody' });
    expect(rig.log.filter((line) => line.startsWith('KILL'))).toEqual(['KILL hog', 'KILL small']);
  });

  it('only asked about names the victim and does nothing', () => {
    const { rig, answer } = forced(calm, { observe: true });
    expect(answer).toMatchObject({ outcome: 'observed', victim: { comm: 'hog' } });
    expect(rig.events.find(({ kind }) => kind === 'signal')).toMatchObject({ sent: false, errno: 0 });
    expect(rig.state.register.dying).toEqual([]);
    expect(rig.log).not.toContain('reap hog');
  });

  it('that the kernel refuses is told as refused, with the errno', () => {
    const { rig, answer } = forced([hog(4000, { refused: true })]);
    expect(answer).toMatchObject({ outcome: 'refused', detail: 'errno 1', victim: { comm: 'hog' } });
    expect(rig.events.at(-1)).toMatchObject({ kind: 'forced', outcome: 'refused' });
  });

  it('that finds nobody says so, without a shot', () => {
    const { rig, answer } = forced([hog(4000, { row: { oomScoreAdj: -1000 } })], { by: 'SIGUSR2' });
    expect(answer).toMatchObject({ outcome: 'nobody', detail: 'no_candidate' });
    expect(rig.log).toEqual([...LOOK, 'scan', 'basics', 'details', 'publish forced']);
    expect(rig.events).toMatchObject([{ by: 'SIGUSR2', outcome: 'nobody', pid: -1 }]);
  });

  it('respects a policy that protects, and keeps the index out of the way after the shot', () => {
    const policy = defaultPolicy(`mode: enforce\n${MARKS}\nselect: { protect: [{ unit: hog.service }] }`);
    const { rig, answer } = forced(calm, {}, policy, { refreshed: () => false });
    expect(answer.victim).toMatchObject({ comm: 'small' });
    rig.run(900);
    expect(after(rig.log, 'KILL small').filter((line) => line.startsWith('refresh'))).toEqual([]);
    rig.run(1500);
    expect(rig.log.filter((line) => line.startsWith('refresh')).length).toBeGreaterThan(0);
  });

  describe('by SysRq-f', () => {
    it('is pressed once in four seconds, and says when it did nothing', () => {
      const { machine, rig } = rigOf(calm);
      machine.keys('are lost');
      rig.turnLate(0);
      rig.log.length = rig.events.length = 0;
      const answer = rig.loop.force({ ...REQUEST, sysrq: true });
      expect(answer).toMatchObject({ outcome: 'pressed', victim: { comm: 'hog' } });
      expect(rig.log).toEqual([...LOOK, 'scan', 'basics', 'details', 'press f', 'publish forced']);
      rig.run(3000);
      expect(rig.loop.force({ ...REQUEST, sysrq: true })).toMatchObject({ outcome: 'not_pressed' });
      rig.run(2000);
      expect(rig.events.filter(({ kind }) => kind === 'sysrq')).toMatchObject([
        { outcome: 'accepted_but_not_executed', detail: expect.stringContaining('killed nobody') },
      ]);
      expect(rig.loop.force({ ...REQUEST, sysrq: true })).toMatchObject({ outcome: 'pressed' });
      expect(rig.log.filter((line) => line === 'press f')).toHaveLength(2);
    });

    it('is content when the kernel has killed somebody', () => {
      const { rig } = forced(calm, { sysrq: true });
      rig.run(10_000);
      expect(kindsOf(rig)).toContain('kernel_kill');
      expect(rig.events.filter(({ kind }) => kind === 'sysrq')).toMatchObject([{ outcome: 'executed', comm: 'hog' }]);
    });

    it('only asked about is not pressed, and not remembered as pressed', () => {
      const { rig, answer } = forced(calm, { sysrq: true, observe: true });
      expect(answer.outcome).toBe('observed');
      expect(rig.log).toContain('would press f');
      expect(rig.state.register.press.isOpen).toBe(false);
    });

    it('that cannot be pressed is told with the errno', () => {
      const { answer, rig } = forced(calm, { sysrq: true }, ENFORCE, { sysrqErrno: 2 });
      expect(answer).toMatchObject({ outcome: 'refused', detail: 'errno 2' });
      expect(rig.state.register.press.isOpen).toBe(false);
    });

    it('is not pressed under a swapoff that is being killed', () => {
      const swapoff: Program = { comm: 'swapoff', rssKiB: GIB, kill: 'stuck', row: { flags: KNOWN | FLAG.ORIGIN } };
      const { machine, rig } = rigOf([swapoff, ...calm]);
      rig.turnLate(0);
      machine.kill(0, 'kernel');
      rig.run(9000);
      expect(rig.loop.force({ ...REQUEST, sysrq: true })).toMatchObject({
        outcome: 'not_pressed',
        detail: expect.stringContaining('patch 3'),
      });
    });
  });
});
