/** Who real processes are: own children that do as they are told. */
import { copyFileSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { type CgroupMode, cgroupLayoutOf } from '../../../src/linux/proc/cgroup-mode.ts';
import { type Mount, mountAt, parseMountinfo } from '../../../src/linux/proc/mountinfo.ts';
import { until } from '../../report/pipe.ts';
import { HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import { build, nativeFolder, removeNative } from '../../support/native/build.ts';
import { needs } from '../../support/native/skip.ts';
import { endSubjects, type Subject, startSubject, statusField } from '../../support/native/subject.ts';
import { createCountingIo } from './counting-io.ts';
import { choosing, indexOn, type TestIndex, type TestIndexOptions } from './index-on.ts';

const mounts: Mount[] = [];
parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
const cgroupMode: CgroupMode = cgroupLayoutOf(mounts).mode;

let subject: Subject;
let index: TestIndex;
const look = (options: TestIndexOptions = {}): void => {
  index = indexOn(createCountingIo(), { env: { cgroupMode }, choose: choosing(subject.pid), ...options });
  index.settle();
};
const row = () => {
  const { table } = index;
  const slot = index.slotOf(subject.pid);
  const { comm, exe, cgroup, unit, uid, ppid, threads, oomScoreAdj } = table;
  return {
    ...{ comm: comm[slot], exe: exe[slot], cgroup: cgroup[slot], unit: unit[slot] },
    ...{ uid: uid[slot], ppid: ppid[slot], threads: threads[slot], oomScoreAdj: oomScoreAdj[slot] },
  };
};

beforeEach(async () => {
  subject = await startSubject();
});
afterEach(async () => {
  index.close();
  await endSubjects();
});
afterAll(removeNative);

describe('a child', () => {
  it('is known by name, user, parent, threads and executable', () => {
    look();
    expect(row()).toMatchObject({
      ...{ comm: 'subject', exe: build('subject'), uid: process.getuid?.(), ppid: process.pid },
      ...{ threads: 3, oomScoreAdj: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')) },
    });
    expect(index.flagsOf(subject.pid)).toEqual(['ARMED', 'IDENTIFIED', 'EXE_VERIFIED']);
    expect(index.table.startTimeTicks[index.slotOf(subject.pid)]).toBe(ABSENT);
  });

  it('of another user is known by the real uid', async (context) => {
    needs(context, process.getuid?.() === 0, 'only root can start a process of another user');
    subject = await startSubject({ uid: 12345, gid: 12345 });
    look();
    expect(row().uid).toBe(12345);
    expect(index.flagsOf(subject.pid)).toContain('EXE_VERIFIED');
  });

  it('that calls exec is somebody else, once its identity is 10 s old', async () => {
    look();
    index.clock.nowMs += 1000;
    index.settle();
    const other = join(nativeFolder(), 'other-program');
    copyFileSync(build('subject'), other);
    expect(await subject.tell(`exec ${other}`)).toBe('ready');
    index.clock.nowMs += 9999;
    index.settle();
    expect(row()).toMatchObject({ comm: 'subject', exe: build('subject') });
    index.clock.nowMs += 1;
    index.settle();
    expect(row()).toMatchObject({ comm: 'other-program', exe: other });
    // The pid and the descriptors are still those of one process.
    expect(index.flagsOf(subject.pid)).toEqual(['ARMED', 'IDENTIFIED', 'EXE_VERIFIED']);
    index.scan();
    expect(index.flagsOf(subject.pid)).not.toContain('GONE');
  });

  it('with a raised oom_score_adj shows it in the next scan', async () => {
    look();
    expect(await subject.tell('adj 345')).toBe('ok');
    index.scan();
    expect(row().oomScoreAdj).toBe(345);
  });

  it.each(HOSTILE_COMMS)('that calls itself %j is shown byte by byte, and its numbers are its own', async (name) => {
    expect(await subject.tell('hold 20')).toBe('ok');
    expect(await subject.tell(`name ${Buffer.from(name, 'latin1').toString('hex')}`)).toBe('ok');
    look();
    expect(row()).toMatchObject({ comm: name, ppid: process.pid, threads: 3, exe: build('subject') });
    const rssKiB = index.table.rssKiB[index.slotOf(subject.pid)] as number;
    expect(rssKiB).toBeGreaterThan(20 * 1024);
    expect(rssKiB).toBeLessThan(40 * 1024);
  });

  it('in more groups than the buffer holds is ranked by oom_score, and known by its comm', async (context) => {
    needs(context, process.getuid?.() === 0, 'only root can set supplementary groups');
    expect(await subject.tell('groups 20000')).toBe('ok');
    const status = readFileSync(`/proc/${subject.pid}/status`);
    expect(status.indexOf('VmRSS')).toBeGreaterThan(65_536);
    look();
    expect(row()).toMatchObject({ comm: 'subject', exe: build('subject'), uid: ABSENT });
    expect(index.flagsOf(subject.pid)).toEqual(['ARMED', 'IDENTIFIED', 'EXE_VERIFIED']);
    index.scan();
    const slot = index.slotOf(subject.pid);
    expect(index.table.rssKiB[slot]).toBe(ABSENT);
    expect(index.table.oomScore[slot]).toBe(Number(readFileSync(`/proc/${subject.pid}/oom_score`, 'utf8')));
  });
});

describe('a zombie', () => {
  it('that is not reaped has no memory, and no executable that could protect it', async () => {
    const pid = Number(await subject.tell('zombie'));
    await until(() => statusField(pid, 'State').startsWith('Z'));
    look({ choose: choosing(pid) });
    expect(index.flagsOf(pid)).toEqual(['ARMED', 'IDENTIFIED', 'NO_MM']);
    const slot = index.slotOf(pid);
    expect([index.table.exe[slot], index.table.rssKiB[slot], index.table.oomScore[slot]]).toEqual(['', ABSENT, 0]);
  });
});

describe('cgroup and unit', () => {
  it('are as /proc/PID/cgroup has them for the hierarchy that systemd keeps', () => {
    look();
    const lines = readFileSync(`/proc/${subject.pid}/cgroup`, 'utf8').trimEnd().split('\n');
    const v1 = lines.find((line) => line.includes(':name=systemd:'));
    const wanted = cgroupMode === 'v2' ? undefined : v1;
    const line = wanted ?? lines.find((each) => each.startsWith('0::')) ?? '';
    expect(row().cgroup).toBe(line.split(':').slice(2).join(':'));
  });

  it('follow a move to another unit', async (context) => {
    const name = `oomwatchd-test-${process.pid}.service`;
    const top = cgroupMode === 'v2' ? '/sys/fs/cgroup' : '/sys/fs/cgroup/systemd';
    const made = ((): string => {
      try {
        mkdirSync(`${top}/${name}`);
        writeFileSync(`${top}/${name}/cgroup.procs`, String(subject.pid));
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    })();
    needs(context, made === '' && mountAt(mounts, top) !== undefined, `no cgroup of its own: ${made}`);
    try {
      look();
      expect(row()).toMatchObject({ cgroup: expect.stringMatching(new RegExp(`/${name}$`)), unit: name });
    } finally {
      await subject.end();
      rmdirSync(`${top}/${name}`);
    }
  });
});
