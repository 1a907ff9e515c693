/** A /proc that changes at random under the index, between and within its system calls. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FakeProcess } from '../../support/fake-process.ts';
import { anyComm, HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import {
  createFakeKernel,
  EACCES,
  EINTR,
  EIO,
  EMFILE,
  ENOENT,
  ENOMEM,
  EPERM,
  ESRCH,
  FAKE_ROOT,
  type FakeKernel,
} from './fake-kernel.ts';
import { indexOn, type TestIndex } from './index-on.ts';
import { faultsOf, shootAll } from './soundness.ts';

const PIDS = 24;
const CAPACITY = 16;
const FILES = ['status', 'oom_score', 'oom_score_adj', 'comm', 'cgroup', 'task/7/status', 'task/1000/status'];
const crowd = `Groups:\t${Array.from({ length: 9000 }, (_, at) => 1_000_000 + at).join(' ')} `;

let lives = 0;
/** A process with a uid that no other one has. */
const born = (pid: number, numbers: Partial<FakeProcess>): FakeProcess => ({ ...numbers, pid, uid: 1000 + lives++ });

const pid = fc.integer({ min: 1, max: PIDS });
const comm = fc.oneof(fc.constantFrom(...HOSTILE_COMMS), anyComm);
const numbers: fc.Arbitrary<Partial<FakeProcess>> = fc.record(
  {
    ppid: fc.integer({ min: 0, max: PIDS }),
    comm,
    state: fc.constantFrom('R', 'S', 'D', 'Z', 'I', 'X'),
    rssKiB: fc.oneof(fc.integer({ min: 0, max: 8_000_000 }), fc.constant(null)),
    swapKiB: fc.nat(1_000_000),
    threads: fc.nat(5),
    oomScore: fc.integer({ min: 0, max: 2000 }),
    oomScoreAdj: fc.integer({ min: -1000, max: 1000 }),
    sigkillPending: fc.boolean(),
    tasks: fc.constantFrom([], [{ tid: 1000, rssKiB: 500_000 }], [{ tid: 1000, rssKiB: null }, { tid: 1001 }]),
  },
  { requiredKeys: [] },
);
const garbage = fc.oneof(
  fc.constant(() => ''),
  fc.nat(700).map((length) => (text: string) => text.slice(0, length)),
  fc.nat(700).map((at) => (text: string) => `${text.slice(0, at)}\0\xff${text.slice(at + 1)}`),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => () => Buffer.from(bytes).toString('latin1')),
  fc.constant((text: string) => text.replace(/^Groups:.*$/m, crowd)),
  fc.constant(null),
);

type Change = (kernel: FakeKernel) => void;
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(pid, numbers).map(
    ([who, what]): Change =>
      (kernel) => {
        kernel.vanish(who);
        kernel.add(born(who, what));
      },
  ),
  pid.map(
    (who): Change =>
      (kernel) =>
        kernel.vanish(who),
  ),
  fc.tuple(pid, numbers).map(
    ([who, what]): Change =>
      (kernel) => {
        if (kernel.lives.has(who)) kernel.change(who, what);
      },
  ),
  fc.tuple(pid, fc.constantFrom(...FILES), garbage).map(
    ([who, file, garble]): Change =>
      (kernel) => {
        const texts = kernel.lives.get(who)?.texts;
        // A uid that was invented here would look like that of another process.
        const spoils = (text: string): boolean => file.endsWith('status') && !/^Uid:\t\d+\t\d+\t\d+\t\d+$/m.test(text);
        if (texts?.[file] === undefined) return;
        if (garble === null) delete texts[file];
        else {
          const text = garble(texts[file]);
          texts[file] = spoils(text) ? '' : text;
        }
      },
  ),
);
const trouble = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(EPERM, ENOENT, ESRCH, EINTR, EIO, ENOMEM, EACCES, EMFILE) },
);

type Step = (index: TestIndex) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(0, 1, 5, 1000).map(
    (budgetMs): Step =>
      (index) => {
        const before = index.clock.nowMs;
        index.refresh(budgetMs);
        // The last step may overrun it, by the looks at the clock that it takes.
        if (index.clock.nowMs - before > budgetMs + 4) throw new Error(`budget ${budgetMs} ms overrun`);
      },
  ),
  fc.constant((index: TestIndex) => index.scan()),
  fc.constant((index: TestIndex) => {
    index.clock.nowMs += 10_000;
  }),
  fc.nat(CAPACITY).map(
    (at): Step =>
      (index) => {
        const { table } = index;
        if (at < table.count) index.identify(table.rows[at] as number);
      },
  ),
  fc.nat(CAPACITY).map(
    (at): Step =>
      (index) => {
        const slot = index.table.rows[at];
        if (at < index.table.count && slot !== undefined && !index.pinned.delete(slot)) index.pinned.add(slot);
      },
  ),
);

/** What happens at the n-th system call from the last step on. */
const surprise = fc.record({ after: fc.nat(40), change: fc.option(change, { nil: undefined }), errno: trouble });

it('thousands of steps throw nothing, leak nothing, and arm and shoot nobody else than the process of the row', () => {
  let steps = 0;
  fc.assert(
    fc.property(
      fc.array(fc.record({ before: fc.array(change, { maxLength: 3 }), surprise, step }), {
        minLength: 20,
        maxLength: 60,
      }),
      (script) => {
        lives = 0;
        const kernel = createFakeKernel(Array.from({ length: 10 }, (_, at) => born(at + 1, {})));
        const env = { procRoot: FAKE_ROOT, selfPid: 5, ancestors: new Set([1, 4]) };
        const index = indexOn(kernel, { env, capacity: CAPACITY, chosen: 12, stepMs: 1 });
        for (const { before, surprise: next, step: take } of script) {
          for (const apply of before) apply(kernel);
          let left = next.after;
          kernel.intrude = () => {
            if (left-- !== 0) return undefined;
            next.change?.(kernel);
            return next.errno;
          };
          take(index);
          kernel.intrude = () => undefined;
          expect(faultsOf(kernel, index)).toEqual([]);
          steps++;
        }
        expect(shootAll(kernel, index)).toEqual([]);
        // And when the world holds still, the index comes to see it as it is.
        index.pinned.clear();
        index.clock.nowMs += 10_000;
        index.settle(2);
        expect(faultsOf(kernel, index)).toEqual([]);
        const { table } = index;
        for (const slot of table.rows.subarray(0, table.count)) {
          expect(kernel.lives.has(table.pid[slot] as number)).toBe(true);
        }
        index.close();
        expect(kernel.open()).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
  expect(steps).toBeGreaterThan(3000);
});
