/**
 * What `doctor` tells of the second process: whether it stands by, and whether the daemon it watches turns. Read from /proc and
 * from the page of the heartbeat itself, not asked through the control socket: a daemon that is stopped does not answer, and
 * that is when one wants to know.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import type { Finding } from '../../core/event.ts';
import type { StandbyPolicy } from '../../core/policy.ts';
import { linkOf, ok, warn } from '../../linux/probe/host.ts';
import { PAGE_BYTES, uptimeMs } from '../../linux/sys/ipc.ts';
import { span } from '../../report/amount.ts';
import { overdueMs, turnsOf } from '../../standby/page.ts';
import { PAGE_FD } from '../../standby/start.ts';
import { type Daemons, fieldOf } from './daemons.ts';

const NOBODY_ACTS =
  'nobody acts while the daemon is stopped, starved of CPU or held up; then only the service manager is left';

/** T: by a signal, t: by a debugger (proc(5)). */
const isStopped = (procRoot: string, pid: number): boolean => /^[Tt]$/.test(fieldOf(procRoot, pid, 'State'));

/** A copy of the page that both share, or null when it may not be read. */
const readPage = (procRoot: string, pid: number): Int32Array | null => {
  const path = `${procRoot}/${pid}/fd/${PAGE_FD}`;
  if (linkOf(path)?.startsWith('/memfd:oomwatchd-standby') !== true) return null;
  try {
    const fd = openSync(path, 'r');
    const words = new Int32Array(PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT);
    const length = readSync(fd, words, 0, PAGE_BYTES, 0);
    closeSync(fd);
    return length === PAGE_BYTES ? words : null;
  } catch {
    // It has ended in between, or it may not be looked at; the caller says so.
    return null;
  }
};

/** Candidates it holds ready: each has a descriptor of oom_score. */
const heldBy = (procRoot: string, pid: number): number => {
  const folder = `${procRoot}/${pid}/fd`;
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`)?.endsWith('/oom_score') === true).length;
};

const findingOf = (procRoot: string, daemon: number, pid: number | null, { afterMs }: StandbyPolicy): Finding => {
  if (pid === null) {
    const remedy = 'journalctl -u oomwatchd -g standby tells why; control.standby.enabled: true and a reload start it';
    return warn('standby', `daemon ${daemon} runs without it`, NOBODY_ACTS, remedy);
  }
  if (isStopped(procRoot, pid)) {
    return warn(
      'standby',
      `pid ${pid} is stopped`,
      NOBODY_ACTS,
      `kill -CONT ${pid}, or end the debugger that holds it`,
    );
  }
  const page = readPage(procRoot, pid);
  if (page === null) {
    return ok('standby', `pid ${pid}, for daemon ${daemon}`, 'it stands by; root may see how the daemon turns');
  }
  if (turnsOf(page) === 0) return ok('standby', `pid ${pid}, for daemon ${daemon}`, 'it waits for the first turn');
  const late = overdueMs(page, uptimeMs());
  if (late > afterMs) {
    const remedy = isStopped(procRoot, daemon)
      ? `kill -CONT ${daemon}, or end the debugger that holds it`
      : `/proc/${daemon}/wchan and top -H -p ${daemon} tell what holds it up`;
    const meaning = `pid ${pid} acts in its place, with the processes that it knew then`;
    return warn('standby', `daemon ${daemon} is overdue by ${span(late)}`, meaning, remedy);
  }
  const held = heldBy(procRoot, pid);
  const found = `pid ${pid}, for daemon ${daemon}; ${turnsOf(page)} heartbeats, ${held} candidates held ready`;
  return ok('standby', found, `it acts when the daemon is overdue by more than ${span(afterMs)}`);
};

/** One finding for each daemon that runs, one in all where none does. */
export const probeStandby = (procRoot: string, found: Daemons, standby: StandbyPolicy): readonly Finding[] => {
  const daemons = [...found].filter(([, pid]) => pid !== null || standby.enabled);
  if (daemons.length > 0) return daemons.map(([daemon, pid]) => findingOf(procRoot, daemon, pid, standby));
  return standby.enabled
    ? [ok('standby', 'no daemon runs', 'it starts with the daemon, and acts while that does not')]
    : [ok('standby', 'control.standby.enabled is false', `as wanted, ${NOBODY_ACTS}`)];
};
