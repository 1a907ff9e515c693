/** Real processes that share an mm, and others that only look so. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { createLane } from '../../../src/linux/index/lane.ts';
import { leaveGroups } from '../../../src/linux/index/mm-alike.ts';
import { createMmGroups, type MmIo } from '../../../src/linux/index/mm-groups.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { until } from '../../report/pipe.ts';
import { removeNative } from '../../support/native/build.ts';
import { statusField } from '../../support/native/subject.ts';
import { createCountingIo } from './counting-io.ts';
import { endFamilies, startFamily } from './family.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';

let index: TestIndex;
afterEach(async () => {
  index.close();
  await endFamilies();
});
afterAll(removeNative);

interface Search {
  calls: number;
  /** Goes on until a whole pass has been made, or it does not go on. */
  pass(): Promise<void>;
  readonly groups: ReturnType<typeof createMmGroups>;
}
const search = (kcmp: MmIo['kcmpVmAsync'] = libc.kcmpVmAsync, isCalm = () => true): Search => {
  const lane = createLane(() => 0);
  const found: Search = {
    calls: 0,
    groups: createMmGroups(
      {
        ...libc,
        kcmpVmAsync: (a, b, done) => {
          found.calls++;
          kcmp(a, b, done);
        },
      },
      index.slots,
      '/proc',
      lane,
      isCalm,
    ),
    pass: async () => {
      const before = found.groups.passes();
      for (let turn = 0; turn < 3 && found.groups.passes() === before; turn++) {
        found.groups.next();
        await until(() => lane.waitingSinceMs() === ABSENT);
      }
    },
  };
  return found;
};
const armOnly = (...pids: readonly number[]): void => {
  index = indexOn(createCountingIo(), { choose: choosing(...pids) });
  index.settle(2);
};
const groupOf = (pid = 0): number => index.table.mmGroup[index.slotOf(pid)] as number;

describe('processes with one mm', () => {
  it('by clone(CLONE_VM) are one group', async () => {
    const { pids } = await startFamily('pair');
    const alone = await startFamily('workers');
    armOnly(...pids, ...alone.pids);
    expect(index.table.mmKey[index.slotOf(pids[0] ?? 0)]).toBe(index.table.mmKey[index.slotOf(pids[1] ?? 0)]);
    expect(groupOf(pids[0])).toBe(ABSENT);
    await search().pass();
    expect(groupOf(pids[0])).not.toBe(ABSENT);
    expect(groupOf(pids[1])).toBe(groupOf(pids[0]));
    expect(pids.map(index.slotOf)).toContain(groupOf(pids[0]));
    expect(groupOf(alone.pids[0])).toBe(ABSENT);
  });

  it('a vfork child, which the kernel hides, and its parent are one group', async () => {
    const { pids } = await startFamily('vfork');
    const [parent = 0, child = 0] = pids;
    await until(() => statusField(parent, 'State').startsWith('D'));
    // Nobody names it: it is looked at because it is hidden.
    index = indexOn(createCountingIo(), { memTotalKiB: 4_000_000 });
    index.settle(2);
    expect(index.table.oomScore[index.slotOf(child)]).toBe(0);
    expect(index.flagsOf(child)).toEqual(expect.arrayContaining(['ARMED', 'IDENTIFIED']));
    await search().pass();
    expect(groupOf(child)).toBe(groupOf(parent));
    expect(groupOf(child)).not.toBe(ABSENT);
  });

  it('a vfork child that has called exec is out of the group with the next scan', async () => {
    const family = await startFamily('vexec', 64);
    const [parent = 0, child = 0] = family.pids;
    armOnly(parent, child);
    await search().pass();
    index.scan();
    expect(groupOf(child)).toBe(groupOf(parent));
    family.process.stdin?.write('x');
    await until(() => !statusField(parent, 'State').startsWith('D'));
    index.scan();
    expect(new Set([groupOf(child), groupOf(parent)]).size).toBe(2);
    await search().pass();
    expect([groupOf(child), groupOf(parent)]).toEqual([ABSENT, ABSENT]);
  });

  it('are one group also when one of them is known, but protected and not armed', async () => {
    const { pids } = await startFamily('pair');
    const [first = 0, second = 0] = pids;
    armOnly(first, second);
    index = ((old) => {
      old.close();
      return indexOn(createCountingIo(), { choose: choosing(first) });
    })(index);
    index.settle();
    index.identify(index.slotOf(second));
    expect(index.flagsOf(second)).not.toContain('ARMED');
    await search().pass();
    expect(groupOf(second)).toBe(groupOf(first));
    expect(groupOf(second)).not.toBe(ABSENT);
  });

  it('a vfork child that nobody has armed is out of the group too, by its size', async () => {
    const family = await startFamily('vexec', 200);
    const [parent = 0, child = 0] = family.pids;
    index = indexOn(createCountingIo(), { choose: choosing(parent), memTotalKiB: 1_000_000 });
    index.settle();
    index.identify(index.slotOf(child));
    await search().pass();
    index.scan();
    expect(groupOf(child)).toBe(groupOf(parent));
    family.process.stdin?.write('x');
    await until(() => !statusField(parent, 'State').startsWith('D'));
    // What its parent would score on a machine where 200 MiB matter.
    const { oomScore, rssKiB } = index.table;
    index.scan();
    rssKiB[index.slotOf(child)] = ABSENT;
    oomScore[index.slotOf(parent)] = 800;
    leaveGroups(index.table);
    expect(groupOf(child)).toBe(ABSENT);
  });
});

describe('processes without a common mm', () => {
  it('60 workers of one program are no group, and cost 60 * 6 calls at the most', async () => {
    const { pids } = await startFamily('workers', 4, 60);
    armOnly(...pids);
    const run = search();
    await run.pass();
    expect(run.calls).toBeGreaterThan(60);
    expect(run.calls).toBeLessThan(60 * 6);
    expect(new Set(pids.map(groupOf))).toEqual(new Set([ABSENT]));
  });

  it('two zombies are no group, though kcmp(2) calls them equal', async () => {
    const { pids } = await startFamily('exiting', 1, 2);
    const [, a = 0, b = 0] = pids;
    armOnly(a, b);
    await until(() => statusField(a, 'State').startsWith('Z') && statusField(b, 'State').startsWith('Z'));
    index.settle();
    expect(libc.kcmpVm(a, b)).toBe(0);
    // As if they had exited between the round and the question.
    for (const pid of [a, b]) {
      const slot = index.slotOf(pid);
      index.table.mmKey[slot] = 77;
      index.table.flags[slot] = (index.table.flags[slot] as number) & ~(1 << 10);
    }
    const run = search();
    await run.pass();
    expect(run.calls).toBe(1);
    expect([groupOf(a), groupOf(b)]).toEqual([ABSENT, ABSENT]);
  });
});

describe('kcmp(2)', () => {
  const answer = (a: number, b: number): Promise<number> => new Promise((resolve) => libc.kcmpVmAsync(a, b, resolve));

  it('knows a process as itself, and puts others in an order', async () => {
    const { pids } = await startFamily('workers', 1, 1);
    armOnly();
    const [a = 0, b = 0] = pids;
    expect(await answer(a, a)).toBe(0);
    expect(libc.kcmpVm(a, a)).toBe(0);
    expect([await answer(a, b), await answer(b, a)].sort()).toEqual([1, 2]);
  });

  it('gives the errno of the call that was made off the main thread', async () => {
    armOnly();
    expect(await answer(process.pid, 2 ** 30)).toBe(-3);
    expect(libc.kcmpVm(process.pid, 2 ** 30)).toBe(-3);
  });
});

describe('the search', () => {
  const pair = async (): Promise<readonly number[]> => {
    const { pids } = await startFamily('pair');
    armOnly(...pids);
    return pids;
  };

  it('drops an answer when one of the two has gone by then, though its pid answers', async () => {
    const [a = 0, b = 0] = await pair();
    const run = search((_a, _b, done) => {
      // The slot has another process by now, with the same pid.
      index.slots.generation[index.slotOf(b)] = 99;
      setImmediate(() => done(0));
    });
    await run.pass();
    expect(run.calls).toBe(1);
    expect([groupOf(a), groupOf(b)]).toEqual([ABSENT, ABSENT]);
  });

  it('drops an answer when the kept descriptor does not answer any more', async () => {
    const family = await startFamily('workers', 4, 2);
    const [parent = 0, a = 0, b = 0] = family.pids;
    armOnly(parent, a, b);
    const run = search(async (_a, _b, done) => {
      family.process.stdin?.end();
      await until(() => libc.kcmpVm(parent, parent) < 0);
      done(0);
    });
    await run.pass();
    expect(run.calls).toBeGreaterThan(0);
    expect([parent, a, b].map(groupOf)).toEqual([ABSENT, ABSENT, ABSENT]);
  });

  it.each([
    ['EPERM', 1],
    ['EACCES', 13],
  ])('leaves unknown what it may not look at (%s), and says so', async (_, errno) => {
    const [a] = await pair();
    const run = search((_a, _b, done) => setImmediate(() => done(-errno)));
    expect(run.groups.refusal()).toBe(0);
    await run.pass();
    expect(run.groups.refusal()).toBe(errno);
    expect(groupOf(a)).toBe(ABSENT);
    await run.pass();
    expect(run.calls).toBe(2);
  });

  it('does not call again what the kernel does not have', async () => {
    await pair();
    const run = search((_a, _b, done) => setImmediate(() => done(-38)));
    await run.pass();
    await run.pass();
    expect(run.calls).toBe(1);
    expect(run.groups.refusal()).toBe(38);
  });

  it('stops when it is not calm any more, and goes on later', async () => {
    const [a, b] = await pair();
    let calm = false;
    const run = search(libc.kcmpVmAsync, () => calm);
    await run.pass();
    expect(run.calls).toBe(0);
    expect(run.groups.passes()).toBe(0);
    calm = true;
    await run.pass();
    expect(run.groups.passes()).toBe(1);
    expect(groupOf(a)).toBe(groupOf(b));
    expect(groupOf(a)).not.toBe(ABSENT);
  });

  it('a call that hangs leaves what is known, and the loop free', async () => {
    const [a, b] = await pair();
    await search().pass();
    const known = groupOf(a);
    const run = search(() => undefined);
    for (let turn = 0; turn < 5; turn++) run.groups.next();
    expect(run.calls).toBe(1);
    expect(run.groups.passes()).toBe(0);
    expect([groupOf(a), groupOf(b)]).toEqual([known, known]);
  });
});
