/** oom_score_adj of children of this test, changed and put back; every order of a crash. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Steer } from '../../../src/core/intent.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { openAdj, putBack, writeAdj } from '../../../src/linux/steer/adj-file.ts';
import {
  type Journal,
  type JournalEntry,
  openJournal,
  readBootId,
  ticksSinceBoot,
} from '../../../src/linux/steer/journal.ts';
import { putPageRight, putRight } from '../../../src/linux/steer/put-right.ts';
import { createSteering } from '../../../src/linux/steer/steering.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, type Subject, startSubject } from '../../support/native/subject.ts';
import { choosing, indexOn, type TestIndex } from '../index/index-on.ts';

const [ESRCH, ENOLCK] = [3, 37];
const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-steer-'));
const path = join(folder, 'journal');

let subjects: Subject[];
let index: TestIndex;
let journal: Journal;

const reopen = (): Journal => {
  const opened = openJournal(path);
  if (typeof opened === 'string') throw new Error(opened);
  return opened;
};

const index3 = (openAdjOf: ((pid: number) => number) | null): TestIndex => {
  const pids = subjects.map(({ pid }) => pid);
  const made = indexOn(libc, {
    choose: (table, slots) => choosing(...pids)(table, slots),
    env: { openAdj: openAdjOf },
  });
  made.settle();
  return made;
};

beforeEach(async () => {
  subjects = [await startSubject(), await startSubject(), await startSubject()];
  // Raised and lowered again it needs no privilege; below 0 it would.
  for (const { pid } of subjects) writeFileSync(`/proc/${pid}/oom_score_adj`, '200');
  index = index3(null);
  journal = reopen();
});
afterEach(async () => {
  index.close();
  journal.close();
  await endSubjects();
});
afterAll(() => {
  removeNative();
  rmSync(folder, { recursive: true });
});

const adjOf = ({ pid }: Subject): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'));
const all = (): number[] => subjects.map(adjOf);
const startOf = ({ pid }: Subject): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19]);
const TO = [1000, 50, 60];
const steers = (): Steer[] =>
  subjects.map((subject, at) => ({
    ...{ slot: index.slotOf(subject.pid), pid: subject.pid, startTimeTicks: startOf(subject) },
    // What the table says may be old: what stands there counts.
    ...{ from: 0, to: TO[at] as number },
  }));
const steering = (with_: Journal | null = journal) => createSteering(index.slots, '/proc', with_);
const OPEN: ((pid: number) => number) | null = (pid) => openAdj('/proc', pid);

describe.each([
  ['opened when it is needed', null],
  ['opened in calm times', OPEN],
])('%s, a value', (_, openAdjOf) => {
  beforeEach(() => {
    index.close();
    index = index3(openAdjOf);
    expect(index.slots.adjWritable[index.slotOf(subjects[0]?.pid ?? 0)]).toBe(openAdjOf === null ? 0 : 1);
  });

  it('is changed and put back as it was', () => {
    const hand = steering();
    expect(hand.steer(steers())).toBe(0);
    expect(all()).toEqual(TO);
    expect(hand.count()).toBe(3);
    expect(journal.read()?.entries.map(({ from, to }) => [from, to])).toEqual(TO.map((to) => [200, to]));
    expect(hand.restore()).toEqual({ restored: 3, gone: 0, changed: 0, failed: [] });
    expect(all()).toEqual([200, 200, 200]);
    expect(journal.read()).toBeNull();
    expect(hand.restore()).toBeNull();
  });
});

describe('a value', () => {
  it('that somebody else changes meanwhile is left alone, and who has gone is gone', async () => {
    const hand = steering();
    hand.steer(steers());
    writeFileSync(`/proc/${subjects[1]?.pid}/oom_score_adj`, '77');
    await subjects[2]?.end();
    expect(hand.restore()).toEqual({ restored: 1, gone: 1, changed: 1, failed: [] });
    expect(adjOf(subjects[0] as Subject)).toBe(200);
    expect(adjOf(subjects[1] as Subject)).toBe(77);
  });

  it('is never changed without a journal, nor when that cannot be written', () => {
    expect(steering(null).steer(steers())).toBe(ENOLCK);
    expect(steering({ ...journal, write: () => false }).steer(steers())).not.toBe(0);
    expect(all()).toEqual([200, 200, 200]);
  });

  it('is changed of none when the one to be taken has gone, and of the others when another has', async () => {
    const [first, , third] = steers() as [Steer, Steer, Steer];
    await subjects[2]?.end();
    const hand = steering();
    expect(hand.steer([third, first])).toBe(ESRCH);
    expect(adjOf(subjects[0] as Subject)).toBe(200);
    expect(hand.count()).toBe(0);
    expect(hand.steer([first, third])).toBe(0);
    expect(hand.count()).toBe(1);
    hand.restore();
  });

  it('of a slot that has another process by now is not touched', () => {
    const [first] = steers() as [Steer];
    expect(steering().steer([{ ...first, pid: subjects[1]?.pid ?? 0 }])).toBe(ESRCH);
    expect(all()).toEqual([200, 200, 200]);
  });

  it('needs nothing when nobody is to be steered', () => {
    expect(steering(null).steer([])).toBe(0);
  });
});

describe('after a crash', () => {
  const entries = (): JournalEntry[] =>
    subjects.map((subject, at) => ({
      pid: subject.pid,
      startTimeTicks: startOf(subject),
      from: 200,
      to: TO[at] as number,
    }));
  const pageOf = (some: readonly JournalEntry[]) => ({
    bootId: readBootId('/proc'),
    atTicks: ticksSinceBoot('/proc'),
    entries: some,
  });
  const put = (subject: Subject, value: number): void => {
    const fd = openAdj('/proc', subject.pid);
    expect(writeAdj(fd, value)).toBe(0);
    libc.close(fd);
  };

  // The steps of a press in their order: journal, each value, each value back, journal cleared.
  it.each([...Array(7).keys()])('after step %i everything is as before', async (steps) => {
    journal.write(pageOf(entries()));
    subjects.forEach((subject, at) => {
      if (at < steps) put(subject, TO[at] as number);
      if (at < steps - 3) put(subject, 200);
    });
    journal.close();
    journal = reopen();
    expect(await putRight('/proc', journal)).toEqual({ restored: 3, gone: 0, changed: 0, failed: [] });
    expect(all()).toEqual([200, 200, 200]);
    expect(journal.read()).toBeNull();
    expect(await putRight('/proc', journal)).toBeNull();
  });

  it('a daemon that still runs is not interfered with', () => {
    const hand = steering();
    hand.steer(steers());
    expect(openJournal(path)).toContain('in use');
    hand.restore();
  });

  it.each<[string, (entry: JournalEntry) => JournalEntry]>([
    ['by its start time', (entry) => ({ ...entry, startTimeTicks: entry.startTimeTicks - 1 })],
    ['by its age where the start time was not known', (entry) => ({ ...entry, startTimeTicks: ABSENT })],
  ])('another process that has the pid now is not touched: %s', async (_, changed) => {
    const [entry] = entries() as [JournalEntry];
    put(subjects[0] as Subject, 1000);
    const page = { ...pageOf([changed(entry)]), atTicks: entry.startTimeTicks };
    expect(await putPageRight('/proc', page)).toMatchObject({ restored: 0, gone: 1 });
    expect(adjOf(subjects[0] as Subject)).toBe(1000);
  });

  it('one whose start time was not known is put right when it is older than the journal', async () => {
    const [entry] = entries() as [JournalEntry];
    put(subjects[0] as Subject, 1000);
    const page = { ...pageOf([{ ...entry, startTimeTicks: ABSENT }]), atTicks: entry.startTimeTicks + 1 };
    expect(await putPageRight('/proc', page)).toMatchObject({ restored: 1 });
    expect(adjOf(subjects[0] as Subject)).toBe(200);
  });

  it('what an earlier boot has left is about others', async () => {
    put(subjects[0] as Subject, 1000);
    expect(await putPageRight('/proc', { ...pageOf(entries()), bootId: 'another' })).toBeNull();
    expect(adjOf(subjects[0] as Subject)).toBe(1000);
  });

  it('who has gone is gone', async () => {
    const page = pageOf(entries());
    await endSubjects();
    expect(await putPageRight('/proc', page)).toEqual({ restored: 0, gone: 3, changed: 0, failed: [] });
  });
});

it('a descriptor that does not answer is told with its errno', () => {
  expect(putBack(-1, 0, 1000)).toEqual({ errno: 9 });
});
