/** Processes that somebody else has killed, which the index may not know yet. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { enrolVictim } from '../../../src/linux/victims/enrol-victim.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, type Subject, startSubject } from '../../support/native/subject.ts';
import { choosing, indexOn, type TestIndex } from '../index/index-on.ts';
import { descriptors, tasksOf } from './scene.ts';

let before: number;
let index: TestIndex;
let subject: Subject;

beforeEach(async () => {
  before = descriptors();
  index = indexOn(libc, { choose: choosing() });
  subject = await startSubject();
});
afterEach(async () => {
  index.close();
  await endSubjects();
  expect(descriptors()).toBe(before);
});
afterAll(removeNative);

const enrol = (pid: number): number => enrolVictim(libc, index, '/proc', pid);
const [EMFILE] = [24];

it.each([
  ['that the index has never seen', false],
  ['that the index knows only', true],
])('one %s gets a slot with identity, pidfd and status', (_, isKnown) => {
  if (isKnown) index.settle();
  const slot = enrol(subject.pid);
  expect(slot).toBe(index.slotOf(subject.pid));
  expect(index.flagsOf(subject.pid)).toEqual(expect.arrayContaining(['ARMED', 'IDENTIFIED']));
  expect(index.table.comm[slot]).toBe('subject');
  expect(index.table.rssKiB[slot]).toBeGreaterThan(0);
  expect(index.slots.pidfd[slot]).toBeGreaterThan(0);
  expect(enrol(subject.pid)).toBe(slot);
  expect(index.table.count).toBe(isKnown ? index.table.count : 1);
});

it('a thread that the kernel names leads to its process', () => {
  const thread = tasksOf(subject.pid).at(-1) as number;
  expect(thread).not.toBe(subject.pid);
  const slot = enrol(thread);
  expect(index.table.pid[slot]).toBe(subject.pid);
  expect(index.slotOf(thread)).toBe(ABSENT);
});

it('one that has gone gets none, and neither does a kernel thread', async () => {
  await subject.end();
  expect(enrol(subject.pid)).toBe(ABSENT);
  expect(index.table.count).toBe(0);
  expect(enrol(2)).toBe(ABSENT);
});

it('a zombie gets one: its parent may take its time', async () => {
  const pid = Number(await subject.tell('zombie'));
  const slot = enrol(pid);
  expect(index.table.pid[slot]).toBe(pid);
});

it('a full table has no room for it', () => {
  index.close();
  index = indexOn(libc, { choose: choosing(), capacity: 1 });
  expect(enrol(process.pid)).not.toBe(ABSENT);
  expect(enrol(subject.pid)).toBe(ABSENT);
});

it('a row that is still its predecessor’s is not taken for it', async () => {
  index.settle();
  const slot = index.slotOf(subject.pid);
  await subject.end();
  const other = await startSubject();
  index.slots.byPid.set(other.pid, slot);
  expect(enrol(other.pid)).toBe(ABSENT);
  index.slots.byPid.delete(other.pid);
});

it('without descriptors left it has its slot all the same', () => {
  const slot = enrolVictim({ ...libc, pidfdOpen: () => -EMFILE }, index, '/proc', subject.pid);
  expect(index.table.pid[slot]).toBe(subject.pid);
  expect(index.flagsOf(subject.pid)).not.toContain('ARMED');
});
