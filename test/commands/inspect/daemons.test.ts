/** Which processes pass for a daemon: names are anybody's choice. */
import { expect, test } from 'vitest';
import { findDaemons } from '../../../src/commands/inspect/daemons.ts';
import { fakeProc } from '../../support/fake-proc.ts';
import type { FakeProcess } from '../../support/fake-process.ts';

const NODE = '/usr/bin/node';
const daemon: FakeProcess = { pid: 812, uid: 0, comm: 'oomwatchd', exe: NODE };
const report: FakeProcess = { pid: 813, ppid: 812, uid: 990, comm: 'oomwatchd-repor', exe: NODE };
const standby: FakeProcess = { pid: 814, ppid: 812, uid: 0, comm: 'oomwatchd-stand', exe: NODE };
/** As an unprivileged caller sees them. */
const unread = (...all: FakeProcess[]): FakeProcess[] => all.map((each) => ({ ...each, exe: null }));

test.each<[string, FakeProcess[], [number, number | null][]]>([
  ['by its reporter', [daemon, report], [[812, null]]],
  ['by its second process as well', [daemon, report, standby], [[812, 814]]],
  ['where no executable can be read', unread(daemon, report), [[812, null]]],
  [
    'as pid 1 of a container',
    [
      { ...daemon, pid: 1 },
      { ...report, ppid: 1 },
    ],
    [[1, null]],
  ],
])('a daemon is known %s', (_, processes, known) => {
  const proc = fakeProc({ processes });
  expect([...findDaemons(proc.roots.proc)]).toEqual(known);
  proc.remove();
});

const init: FakeProcess = { pid: 1, ppid: 0, uid: 0, comm: 'systemd', exe: '/usr/lib/systemd/systemd' };
const orphan: FakeProcess = { ...report, uid: 1000, ppid: 1 };

test.each<[string, FakeProcess[]]>([
  ['of another user', [{ ...daemon, uid: 4_000_000 }, report]],
  ['of another program', [{ ...daemon, exe: '/bin/sh' }, report]],
  ['that has inherited an orphan', [init, orphan]],
  ['that has inherited an orphan, where no executable can be read', unread(init, orphan)],
])('a parent %s is none', (_, processes) => {
  const proc = fakeProc({ processes });
  expect(findDaemons(proc.roots.proc).size).toBe(0);
  proc.remove();
});
