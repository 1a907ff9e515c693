import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent, KernelNote } from '../../../src/core/kernel-event.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { aDying, aSight, type Followed, following, killed, marked, named, selected } from '../support/registers.ts';

const kills = (events: readonly OomwatchdEvent[]) =>
  events.flatMap((event) => (event.kind === 'kernel_kill' ? [event] : []));

/** Ticks at which one batch each comes in, and two seconds of silence. */
const play = (batches: readonly (readonly KernelEvent[])[], everyMs = 50): Followed => {
  const followed = following();
  batches.forEach((kernel, at) => {
    followed.at(at * everyMs, { kernel });
  });
  for (let at = 0; at < 50; at++) followed.at(batches.length * everyMs + at * 50);
  return followed;
};

describe('a kill of the kernel', () => {
  it('is told at once when its line is there, and enters the register with its slot', () => {
    const { at, register } = following();
    expect(at(70, { kernel: [killed(7)], kernelSlots: [3] })).toEqual([
      {
        ...{ kind: 'kernel_kill', pid: 7, comm: 'p7', scope: 'global', memcg: '', anonRssKiB: MIB, source: 'kmsg' },
      },
    ]);
    expect(register.dying).toMatchObject([{ slot: 3, pid: 7, killedBy: 'kernel', sinceMs: 70, sizeKiB: MIB }]);
  });

  it('is told with the cgroup whose limit it was', () => {
    const [event] = following().at(70, { kernel: [selected(7, '/pod'), killed(7, 'memcg')] });
    expect(event).toMatchObject({ scope: 'memcg', memcg: '/pod', comm: 'p7' });
  });

  it('waits for its records when only the trace point spoke, and is told without them when none come', () => {
    const { at, register } = following();
    expect(at(70, { kernel: [marked(7, 'leak')] })).toEqual([]);
    expect(register.dying).toMatchObject([{ pid: 7, killedBy: 'kernel', sizeKiB: ABSENT }]);
    expect(at(319)).toEqual([]);
    expect(at(320)).toMatchObject([{ kind: 'kernel_kill', comm: 'leak', scope: 'unknown', source: 'trace' }]);
    expect(at(400)).toEqual([]);
  });

  it('is none when somebody was selected only: nothing has died yet', () => {
    const { told, register } = play([[selected(7, '/pod')]]);
    expect([told, register.dying]).toEqual([[], []]);
  });

  it('is another process ten seconds later, pid reuse or not', () => {
    const { at, register } = following();
    at(0, { kernel: [killed(7)] });
    at(50, { sights: [aSight({ isGone: true })] });
    expect(kills(at(10_000, { kernel: [killed(7)] }))).toEqual([]);
    at(10_001);
    expect(kills(at(10_050, { kernel: [killed(7)] }))).toHaveLength(1);
    expect(register.dying).toHaveLength(1);
  });

  it('is the same one whose line was read by a loop that had been held up for long', () => {
    const { at } = following();
    expect(at(0, { kernel: [marked(7)] })).toEqual([]);
    expect(kills(at(11_000))).toHaveLength(1);
    expect(kills(at(11_400, { kernel: [killed(7)] }))).toEqual([]);
  });

  it('is not followed again when a late record speaks of what is gone', () => {
    const { at, register } = following();
    at(0, { kernel: [killed(7)] });
    at(50, { sights: [aSight({ isGone: true })] });
    at(100, { kernel: [marked(7)] });
    expect(register.dying).toEqual([]);
  });

  it('of a victim of ours leaves it ours', () => {
    const { at, register } = following([aDying()]);
    const told = at(70, { kernel: [killed(7), marked(7)], kernelSlots: [3, 3] });
    expect(register.dying).toMatchObject([{ killedBy: 'oomwatchd', sinceMs: 0 }]);
    expect(kills(told)).toHaveLength(1);
  });

  it('knows the most that was said of its memory', () => {
    expect(following().at(0, { kernel: [killed(7, 'global', 5), killed(7, 'global', 9), killed(7)] })).toMatchObject([
      { anonRssKiB: MIB },
    ]);
  });
});

it('one kill is told once with the best scope, in whatever order and over however many ticks its records come', () => {
  // kmsg keeps its order, the trace points theirs; between the two anything goes.
  const kmsg = [selected(7, '/pod'), killed(7, 'memcg')];
  const trace = [marked(7, 'leak'), marked(7)];
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }),
      (picks, sizes) => {
        const [lines, points] = [[...kmsg], [...trace]];
        const merged = picks.map((isLine) =>
          isLine ? (lines.shift() ?? points.shift()) : (points.shift() ?? lines.shift()),
        );
        const batches: KernelEvent[][] = sizes.map((size) => merged.splice(0, size) as KernelEvent[]);
        const { told, register } = play(batches);
        expect(kills(told)).toHaveLength(1);
        expect(kills(told)[0]).toMatchObject({ pid: 7, scope: 'memcg', memcg: '/pod', anonRssKiB: MIB });
        expect(kills(told)[0]?.comm).not.toBe('');
        expect(register.dying).toHaveLength(1);
        expect(told.filter(({ kind }) => kind === 'kill_burst')).toEqual([]);
      },
    ),
  );
});

it('a scope that the line has is never lost, even where "selected" comes after it', () => {
  for (const batches of [[[killed(7, 'sysrq')], [selected(7)]], [[killed(7, 'sysrq'), selected(7)]]]) {
    expect(kills(play(batches).told)).toMatchObject([{ scope: 'sysrq' }]);
  }
});

describe('what the kernel says of a dying process', () => {
  it('"reaped" is a stage of its life', () => {
    const { at } = following([aDying()]);
    expect(at(70, { kernel: [named('reaped')] })).toMatchObject([{ kind: 'victim', life: 'reaped', episode: 4 }]);
    expect(at(80, { kernel: [named('reaped')] })).toEqual([]);
  });

  it('"unable to reap" ends the wait for it, and says why', () => {
    const { at, register } = following([aDying({ life: 'taken' })]);
    expect(at(70, { kernel: [named('unable_to_reap')] })).toMatchObject([
      { kind: 'victim', life: 'stuck', reason: 'mmap_lock', detail: expect.stringContaining('oom_reaper') },
    ]);
    expect(register.dying[0]?.isIgnored).toBe(true);
    expect(at(5000, { sights: [aSight()] })).toEqual([]);
  });

  it('"has mm pinned by" as well', () => {
    const { at, register } = following([aDying()]);
    const pinned: KernelEvent = {
      ...{ kind: 'pinned', source: 'kmsg', timeUs: 0, pid: 7, comm: 'leak', byPid: 1, byComm: 'init' },
    };
    expect(at(70, { kernel: [pinned] })).toMatchObject([
      { life: 'stuck', reason: 'sharer_alive', detail: 'its memory is shared with pid 1' },
    ]);
    expect(register.dying[0]?.isIgnored).toBe(true);
  });

  it('does not talk over what is known already', () => {
    const { at, register } = following([aDying({ reason: 'fuse', detail: 'connection 42' })]);
    at(70, { kernel: [named('unable_to_reap')] });
    expect(register.dying[0]).toMatchObject({ reason: 'fuse', detail: 'connection 42', isIgnored: true });
  });

  it('changes nothing where the process is not known, or nothing follows from it', () => {
    const pinned: KernelEvent = {
      ...{ kind: 'pinned', source: 'kmsg', timeUs: 0, pid: 8, comm: 'x', byPid: 1, byComm: 'init' },
    };
    const { at, register } = following([aDying()]);
    const invoked: KernelEvent = { kind: 'invoked', source: 'kmsg', timeUs: 0, comm: 'x', order: 0 };
    const others = [named('reaped', 8), named('unable_to_reap', 8), pinned];
    const silent = [named('reap_skipped'), named('already_exiting'), invoked];
    expect(at(70, { kernel: [...others, ...silent] })).toEqual([]);
    expect(register.dying).toEqual([aDying({ reap: 'running' })]);
  });
});

describe('notes', () => {
  const told = { source: 'kmsg', timeUs: 0 } as const;

  it.each<[KernelEvent, KernelNote | 'lost' | 'unread', string]>([
    [{ ...told, kind: 'note', note: 'hung_task', text: 'task x blocked' }, 'hung_task', 'task x blocked'],
    [{ ...told, kind: 'lost', records: 17 }, 'lost', '17 records'],
    [{ ...told, kind: 'unread', text: 'Out of memory: something new' }, 'unread', 'Out of memory: something new'],
  ])('are told as they are: %j', (event, note, text) => {
    expect(following().at(70, { kernel: [event] })).toEqual([{ kind: 'kernel_note', note, text }]);
  });
});
