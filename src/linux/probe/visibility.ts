/** Whether /proc shows the whole host: pid namespace, hidepid, what is mounted over it, cgroup namespace. */
import type { Finding } from '../../core/event.ts';
import { ABSENT, MIB } from '../../core/units.ts';
import { FIRST_PID_NAMESPACE, ownLimitKiB } from '../cgroup/own-limit.ts';
import { mountAt } from '../proc/mountinfo.ts';
import { emptyPidStat, PF, parsePidStat } from '../proc/pid-stat.ts';
import { CAPABILITY, fatal, type Host, hasCapability, linkOf, ok, type Probe, textOf, warn } from './host.ts';

const KTHREADD = 2;

/** kthreadd is pid 2 of the first namespace only, and nobody can fake the flag of a kernel thread. */
const seesKthreadd = (procRoot: string): boolean => {
  const text = Buffer.from(`${textOf(`${procRoot}/${KTHREADD}/stat`) ?? ''}\n`, 'latin1');
  const stat = emptyPidStat();
  return parsePidStat(text, text.length, stat) === null && (stat.flags & PF.KTHREAD) !== 0;
};

export const probePidNamespace: Probe = ({ roots }) => {
  const namespace = linkOf(`${roots.proc}/self/ns/pid`) ?? 'unknown';
  const isFirst = namespace === FIRST_PID_NAMESPACE || namespace === 'unknown';
  if (isFirst && seesKthreadd(roots.proc)) return [ok('pid_namespace', 'of the host', 'all processes can be seen')];
  const limitKiB = isFirst ? ABSENT : ownLimitKiB(roots);
  if (limitKiB !== ABSENT) {
    const found = `its own, with a memory limit of ${Math.round(limitKiB / MIB)} MiB`;
    return [ok('pid_namespace', found, 'the container is watched: its limit and its processes, nothing outside of it')];
  }
  const found = isFirst ? 'no kthreadd as pid 2' : namespace;
  const meaning =
    'processes of the host are invisible, while /proc/meminfo tells of their memory: the wrong one would die';
  const remedy = 'run it on the host, the container with --pid=host, or give the container a memory limit (cgroup v2)';
  return [fatal('pid_namespace', found, meaning, remedy)];
};

const isVisibleDespite = (host: Host, hidepid: string, gid: number): boolean =>
  hasCapability(host, CAPABILITY.SYS_PTRACE) ||
  (hidepid !== '4' && hidepid !== 'ptraceable' && host.groups.includes(gid));

/** fs/proc/base.c, has_pid_permissions(): CAP_SYS_PTRACE sees everything, gid= does unless "ptraceable". */
export const probeHidepid: Probe = (host) => {
  const options = mountAt(host.mounts, '/proc')?.options ?? [];
  if (options.includes('subset=pid')) {
    const meaning = '/proc/meminfo and all other system files are missing';
    return [fatal('proc_mount', 'subset=pid', meaning, 'drop ProcSubset=pid from the unit')];
  }
  const hidepid = options.find((option) => option.startsWith('hidepid='))?.slice('hidepid='.length) ?? 'off';
  const gid = Number(options.find((option) => option.startsWith('gid='))?.slice('gid='.length) ?? 0);
  if (hidepid === 'off' || hidepid === '0') return [ok('hidepid', 'off', 'all processes can be seen')];
  if (isVisibleDespite(host, hidepid, gid)) return [ok('hidepid', hidepid, 'this process sees all nevertheless')];
  const meaning = "other users' processes are hidden: the wrong one would die";
  return [fatal('hidepid', hidepid, meaning, 'grant CAP_SYS_PTRACE, or: mount -o remount,hidepid=off /proc')];
};

export const probeProcMounts: Probe = ({ mounts }) => {
  const findings: Finding[] = [];
  const over = mounts.find(({ point, type }) => point === '/proc/meminfo' || (point === '/proc' && type !== 'proc'));
  if (over !== undefined) {
    const meaning = `${over.type} tells of a share of the host, not of the host: marks are reached too early or never`;
    findings.push(fatal('meminfo', `${over.point} is covered by ${over.type}`, meaning, 'run it on the host'));
  }
  // Either option list may say so: the view's or the file system's.
  const isReadOnly = mountAt(mounts, '/proc')?.options.includes('ro') ?? false;
  findings.push(
    isReadOnly
      ? warn('proc_writable', 'read-only', 'own oom_score_adj cannot be set', 'mount -o remount,rw /proc')
      : ok('proc_writable', 'yes', 'own oom_score_adj can be set'),
  );
  return findings;
};

/** In a cgroup namespace of its own, everything outside reads "/../...", and no unit can be recognised any more. */
export const probeCgroupNamespace: Probe = ({ roots }) => {
  const paths = textOf(`${roots.proc}/1/cgroup`) ?? '';
  if (!/^[^:]*:[^:]*:\/\.\./m.test(paths)) return [ok('cgroup_namespace', 'of the host', 'systemd units are known')];
  const meaning = 'systemd units are not recognised: nothing would be protected by unit';
  return [fatal('cgroup_namespace', 'its own', meaning, 'run the container with --cgroupns=host')];
};
