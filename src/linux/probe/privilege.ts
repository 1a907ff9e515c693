/** What this process may do: uid, capabilities, user namespace, its own oom_score_adj. */
import type { Finding } from '../../core/event.ts';
import {
  CAPABILITY,
  fatal,
  foundOf,
  type Host,
  hasCapability,
  linkOf,
  MYSELF,
  ok,
  type Probe,
  textOf,
  warn,
} from './host.ts';

interface Need {
  readonly name: string;
  readonly bit: number;
  readonly status: 'warn' | 'fatal';
  readonly with: string;
  readonly without: string;
}

const NEEDS: readonly Need[] = [
  {
    name: 'CAP_KILL',
    bit: CAPABILITY.KILL,
    status: 'fatal',
    with: 'any process can be signalled',
    without: 'only processes of its own user could be signalled: the biggest one is usually not among them',
  },
  {
    name: 'CAP_SYS_PTRACE',
    bit: CAPABILITY.SYS_PTRACE,
    status: 'warn',
    with: 'executables of all processes are known',
    without: "other users' executables are unknown: policy by exe does not match them",
  },
  {
    name: 'CAP_DAC_READ_SEARCH',
    bit: CAPABILITY.DAC_READ_SEARCH,
    status: 'warn',
    with: 'executables in private directories can be told from namesakes',
    without: 'executables in private directories cannot be verified: policy by exe does not match them',
  },
  {
    name: 'CAP_IPC_LOCK',
    bit: CAPABILITY.IPC_LOCK,
    status: 'warn',
    with: 'its own code can be locked into memory',
    without: 'its own code is locked only as far as RLIMIT_MEMLOCK goes',
  },
  {
    name: 'CAP_SYS_RESOURCE',
    bit: CAPABILITY.SYS_RESOURCE,
    status: 'warn',
    with: 'it can exempt itself from the OOM killer, and PSI wakes it within a second',
    without: 'it cannot lower its own oom_score_adj, and PSI wakes it every 2 s at best',
  },
  {
    name: 'CAP_SYSLOG',
    bit: CAPABILITY.SYSLOG,
    status: 'warn',
    with: 'the kernel log is readable',
    without: "the kernel's own OOM kills are not seen where kernel.dmesg_restrict is 1",
  },
];

const toFinding = (host: Host, need: Need): Finding => {
  const name = need.name.toLowerCase();
  if (hasCapability(host, need.bit)) return ok(name, 'effective', need.with);
  const remedy = `run as root; in a unit, add ${need.name} to CapabilityBoundingSet= and AmbientCapabilities=`;
  return (need.status === 'fatal' ? fatal : warn)(name, `missing, uid ${host.euid}`, need.without, remedy);
};

export const probeCapabilities: Probe = (host) => NEEDS.map((need) => toFinding(host, need));

/** PROC_USER_INIT_INO of include/linux/proc_ns.h: the inode of the first user namespace. */
const FIRST_USER_NAMESPACE = 'user:[4026531837]';

export const probeUserNamespace: Probe = ({ roots }) => {
  const namespace = linkOf(`${roots.proc}/self/ns/user`);
  if (namespace === FIRST_USER_NAMESPACE) return [ok('user_namespace', 'the first', 'capabilities count on the host')];
  if (namespace === null) return [ok('user_namespace', 'not in this kernel', 'capabilities count on the host')];
  const meaning = 'capabilities count only inside a container: host processes could not be signalled';
  return [
    fatal('user_namespace', namespace, meaning, 'run it on the host, or in a container with the host user namespace'),
  ];
};

export const probeOwnAdj: Probe = (host) => {
  const value = textOf(`${host.roots.proc}/${host.subject.directory}/oom_score_adj`) ?? 'unreadable';
  const found = foundOf(value, host, false);
  if (value === '-1000') return [ok('own_oom_score_adj', found, 'the kernel never chooses oomwatchd')];
  // One that runs has had its start.
  if (host.subject.directory === MYSELF.directory && hasCapability(host, CAPABILITY.SYS_RESOURCE)) {
    return [ok('own_oom_score_adj', found, 'the daemon sets its own to -1000 at start')];
  }
  const meaning = "the kernel's OOM killer may choose oomwatchd";
  const remedy = 'OOMScoreAdjust=-1000 in the unit, or grant CAP_SYS_RESOURCE';
  return [warn('own_oom_score_adj', found, meaning, remedy)];
};
