/** Remedies over a /proc, /sys and cgroup tree of plain files: what is written, and what is left alone. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newDying } from '../../../src/core/dying.ts';
import type { Remedied, Remedy } from '../../../src/core/remedy.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createRemedies, HUNG_MS, type Remedies } from '../../../src/linux/remedies/remedies.ts';
import { until } from '../../report/pipe.ts';
import { type FakeProc, fakeProc } from '../../support/fake-proc.ts';

const DYING = newDying(ABSENT, 7, 'victim', 'oomwatchd', ABSENT, 0);
const MOUNTINFO = [
  '40 1 0:42 / /mnt/my\\040share rw,nosuid shared:9 - fuse.sshfs host:/ rw',
  '41 1 0:43 / /mnt/other rw - fuse me rw',
  '42 1 8:17 / /srv rw - ext4 /dev/sdb1 rw',
  '',
].join('\n');

let fake: FakeProc;
let nowMs: number;
let isGone: boolean;
let thawed: number[];
let thawAnswer: number;
let remedies: Remedies;

beforeEach(() => {
  fake = fakeProc();
  nowMs = 1000;
  isGone = false;
  thawed = [];
  thawAnswer = 0;
  remedies = createRemedies(
    {
      thawAsync: (fd, done) => {
        thawed.push(fd);
        done(thawAnswer);
      },
    },
    fake.roots,
    () => nowMs,
    () => isGone,
  );
  fake.add({ pid: 7, state: 'D', threads: 1 });
  fake.file('7/task/7/mountinfo', MOUNTINFO);
});
afterEach(() => fake.remove());

const next = (): Promise<Remedied> =>
  until(() => {
    const results: Remedied[] = [];
    remedies.take(results);
    return results[0];
  });

const remedyOf = (kind: Remedy['kind'], object: string, changes: Partial<Remedy> = {}): Remedy => ({
  ...{ serial: 1, kind, object, place: '', pid: 7, tid: 7 },
  ...{ fromKiB: ABSENT, toKiB: ABSENT, belowKiB: ABSENT, dryRun: false, ...changes },
});
const applied = (remedy: Remedy): Promise<Remedied> => {
  remedies.begin({ kind: 'remedy', remedy, dying: remedy.pid === ABSENT ? null : DYING });
  return next();
};
const sys = (path: string, text: string | null): void => fake.file(`../sys/${path}`, text);
const read = (path: string): string => readFileSync(join(fake.roots.sys, path), 'utf8');
const untouched = (detail: string) => ({ serial: 1, result: 'changed', errno: 0, oldValue: '', newValue: '', detail });

describe('a frozen cgroup', () => {
  const V1 = 'fs/cgroup/freezer';
  beforeEach(() => {
    fake.file('7/task/7/cgroup', '6:freezer:/a/b\n0::/u/v\n');
    for (const [path, own, state] of [
      ['a', '1', 'FROZEN'],
      ['a/b', '0', 'FROZEN'],
      ['a/b/c', '1', 'FROZEN'],
    ] as const) {
      sys(`${V1}/${path}/freezer.self_freezing`, `${own}\n`);
      sys(`${V1}/${path}/freezer.state`, `${state}\n`);
    }
    sys('fs/cgroup/u/cgroup.freeze', '0\n');
    sys('fs/cgroup/u/v/cgroup.freeze', '1\n');
  });

  it('of v1 is thawed where it is frozen for itself: above the victim, nothing below or beside it', async () => {
    expect(await applied(remedyOf('thaw_freezer_v1', '/a/b'))).toEqual({
      ...{ serial: 1, result: 'done', errno: 0, oldValue: 'FROZEN', newValue: 'THAWED', detail: '/a' },
    });
    expect(['a', 'a/b', 'a/b/c'].map((path) => read(`${V1}/${path}/freezer.state`).slice(0, 6))).toEqual([
      'THAWED',
      'FROZEN',
      'FROZEN',
    ]);
  });

  it('of v2 by cgroup.freeze', async () => {
    expect(await applied(remedyOf('thaw_freezer_v2', '/u/v'))).toMatchObject({ result: 'done', detail: '/u/v' });
    expect(read('fs/cgroup/u/v/cgroup.freeze')).toBe('0\n');
  });

  it('in a dry run nothing is written', async () => {
    const remedy = remedyOf('thaw_freezer_v1', '/a/b', { dryRun: true });
    expect(await applied(remedy)).toMatchObject({ result: 'observed', detail: '/a' });
    expect(read(`${V1}/a/freezer.state`)).toBe('FROZEN\n');
  });

  it('that is not the victim’s any more is left alone', async () => {
    fake.file('7/task/7/cgroup', '6:freezer:/elsewhere\n');
    expect(await applied(remedyOf('thaw_freezer_v1', '/a/b'))).toEqual(
      untouched('the thread is not in this cgroup any more'),
    );
    expect(read(`${V1}/a/freezer.state`)).toBe('FROZEN\n');
  });

  it.each(['/..', '/a/../../b', '/a (deleted)', '/', 'a', '/a//b', '/a/.'])('%s is no path of one', async (path) => {
    fake.file('7/task/7/cgroup', `6:freezer:${path}\n`);
    expect(await applied(remedyOf('thaw_freezer_v1', path))).toMatchObject({ result: 'changed' });
  });

  it('that somebody else has thawed is left alone', async () => {
    sys(`${V1}/a/freezer.self_freezing`, '0\n');
    expect(await applied(remedyOf('thaw_freezer_v1', '/a/b'))).toEqual(
      untouched('no cgroup on its path is frozen any more'),
    );
  });

  it('whose file is a link is not written through it', async () => {
    const target = join(fake.roots.sys, 'target');
    sys('target', 'precious\n');
    rmSync(join(fake.roots.sys, V1, 'a/freezer.state'));
    symlinkSync(target, join(fake.roots.sys, V1, 'a/freezer.state'));
    expect(await applied(remedyOf('thaw_freezer_v1', '/a/b'))).toMatchObject({ result: 'refused', errno: 40 });
    expect(read('target')).toBe('precious\n');
  });
});

describe('a FUSE connection', () => {
  const remedy = remedyOf('abort_fuse', '42', { place: '/mnt/my share' });
  beforeEach(() => {
    sys('fs/fuse/connections/42/waiting', '2\n');
    sys('fs/fuse/connections/42/abort', '');
  });

  it('is aborted', async () => {
    expect(await applied(remedy)).toMatchObject({ result: 'done', oldValue: '2 waiting', newValue: 'aborted' });
    expect(read('fs/fuse/connections/42/abort')).toBe('1');
  });

  it.each<[string, () => void, string]>([
    [
      'whose number is another mount’s by now',
      () => fake.file('7/task/7/mountinfo', MOUNTINFO.replace('0:42', '0:44')),
      'the connection is not that of this mount any more',
    ],
    [
      'that has answered',
      () => sys('fs/fuse/connections/42/waiting', '0\n'),
      'no request waits for an answer any more',
    ],
    ['nobody waits for', () => fake.change(7, { state: 'R' }), 'the thread does not wait any more'],
    ['of a victim that has gone', () => fake.vanish(7), 'the connection is not that of this mount any more'],
    [
      'of a pid that is another process',
      () => {
        isGone = true;
      },
      'the victim has gone meanwhile',
    ],
  ])('%s is left alone', async (_, change, detail) => {
    change();
    expect(await applied(remedy)).toEqual(untouched(detail));
    expect(read('fs/fuse/connections/42/abort')).toBe('');
  });

  it('that cannot be written is refused with the errno', async () => {
    sys('fs/fuse/connections/42/abort', null);
    expect(await applied(remedy)).toMatchObject({ result: 'refused', errno: 2, oldValue: '2 waiting' });
  });
});

describe('a frozen file system', () => {
  const remedy = remedyOf('thaw_file_system', '8:17', { place: '/srv' });
  beforeEach(() => {
    const write = process.arch === 'x64' ? 1 : 64;
    fake.file('7/task/7/syscall', `${write} 0x3 0x1 0x2 0x0 0x0 0x0 0x7ffd 0x7f2b\n`);
    fake.file('7/task/7/fdinfo/3', 'pos:\t0\nflags:\t01\nmnt_id:\t42\n');
    fake.file('7/task/7/fd/3', 'data');
    for (let fd = 0; fd < 64; fd++) fake.file(`self/fdinfo/${fd}`, 'mnt_id:\t42\n');
  });

  it('is thawed through the victim’s own descriptor', async () => {
    expect(await applied(remedy)).toMatchObject({ result: 'done', oldValue: 'frozen', newValue: 'thawed' });
    expect(thawed).toHaveLength(1);
  });

  it.each([
    [-22, { result: 'changed', detail: 'the file system is not frozen any more' }],
    [-1, { result: 'refused', errno: 1, detail: '8:17 at /srv' }],
  ])('FITHAW answers %i', async (answer, expected) => {
    thawAnswer = answer;
    expect(await applied(remedy)).toMatchObject(expected);
  });

  it('in a dry run all is done but the call', async () => {
    expect(await applied({ ...remedy, dryRun: true })).toMatchObject({ result: 'observed' });
    expect(thawed).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['another call', () => fake.file('7/task/7/syscall', '999 0x3 0x1 0x2 0x0 0x0 0x0 0x7ffd 0x7f2b\n')],
    ['another file system', () => fake.file('7/task/7/fdinfo/3', 'mnt_id:\t40\n')],
    [
      'a FIFO',
      () => {
        fake.file('7/task/7/fd/3', null);
        execFileSync('mkfifo', [join(fake.roots.proc, '7/task/7/fd/3')]);
      },
    ],
    [
      'a descriptor of another mount',
      () => {
        for (let fd = 0; fd < 64; fd++) fake.file(`self/fdinfo/${fd}`, 'mnt_id:\t40\n');
      },
    ],
  ])('%s: left alone', async (_, change) => {
    change();
    expect(await applied(remedy)).toMatchObject({ result: 'changed' });
    expect(thawed).toEqual([]);
  });
});

describe('memory.high', () => {
  const remedy = remedyOf('lift_memory_high', '/slow', { pid: ABSENT, tid: ABSENT, fromKiB: 20, toKiB: 40 });
  beforeEach(() => {
    sys('fs/cgroup/slow/memory.high', '20480\n');
    sys('fs/cgroup/slow/memory.current', '16384\n');
  });

  it('is raised', async () => {
    expect(await applied(remedy)).toMatchObject({ result: 'done', oldValue: '20480', newValue: '40960' });
    expect(read('fs/cgroup/slow/memory.high').slice(0, 5)).toBe('40960');
  });

  it.each<[string, Partial<Remedy>, () => void, Partial<Remedied>]>([
    [
      'somebody else has changed',
      {},
      () => sys('fs/cgroup/slow/memory.high', 'max\n'),
      { result: 'changed', detail: 'memory.high is max by now' },
    ],
    [
      'whose cgroup has gone',
      {},
      () => sys('fs/cgroup/slow', null),
      { result: 'changed', detail: 'the cgroup has gone' },
    ],
    [
      'of no cgroup',
      { object: '/../../etc' },
      () => undefined,
      { result: 'changed', detail: 'not the path of a cgroup' },
    ],
    ['not put back above its bound', { belowKiB: 15 }, () => undefined, { result: 'not_yet', oldValue: '20480' }],
    ['in a dry run', { dryRun: true }, () => undefined, { result: 'observed' }],
  ])('%s is left alone', async (_, changes, change, expected) => {
    change();
    expect(await applied({ ...remedy, ...changes })).toMatchObject(expected);
    if (expected.result !== 'changed') expect(read('fs/cgroup/slow/memory.high')).toBe('20480\n');
  });

  it('is put back below its bound', async () => {
    expect(await applied({ ...remedy, belowKiB: 16 })).toMatchObject({ result: 'done' });
  });
});

it('a write that does not return is told, once, and its end as well', async () => {
  sys('fs/fuse/connections/42/waiting', '2\n');
  sys('fs/fuse/connections/42/abort', null);
  const fifo = join(fake.roots.sys, 'fs/fuse/connections/42/abort');
  execFileSync('mkfifo', [fifo]);
  remedies.begin({ kind: 'remedy', remedy: remedyOf('abort_fuse', '42', { place: '/mnt/my share' }), dying: DYING });
  const results: Remedied[] = [];
  remedies.take(results);
  nowMs += HUNG_MS;
  remedies.take(results);
  remedies.take(results);
  expect(results).toMatchObject([{ serial: 1, result: 'hung' }]);
  expect(remedies.isWaiting()).toBe(true);
  const reader = open(fifo, 'r');
  expect(await next()).toMatchObject({ serial: 1, result: 'done' });
  expect(remedies.isWaiting()).toBe(false);
  await (await reader).close();
});
