/** Who a process is: comm, uid, parent, cgroup, unit and executable. Opens files, so it belongs to calm times. */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { latin1 } from '../bytes.ts';
import { NO_OOM_SCORE_ADJ, parseOomScore, parseOomScoreAdj } from '../proc/oom-score.ts';
import { parsePidCgroup } from '../proc/pid-cgroup.ts';
import { commOfStatus, emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { unitOf } from '../proc/unit-of.ts';
import { ENOENT, ESRCH } from '../sys/errno.ts';
import { readExe } from './exe.ts';
import { isKernelThread } from './kernel-thread.ts';
import { openLiveThread } from './live-thread.ts';
import { applyStatus } from './read-row.ts';
import type { IndexEnv, IndexIo, Slots } from './slots.ts';

const buffer = new Uint8Array(65_536);
const status = emptyPidStatus();

/** The content of a file that is opened for this one reading; its length or -errno. */
const readOnce = (io: IndexIo, path: string): number => {
  const fd = io.openReadOnly(path);
  if (fd < 0) return fd;
  const length = io.preadAt0(fd, buffer, buffer.length);
  io.close(fd);
  return length;
};

const kinshipFlags = (pid: number, ppid: number, env: IndexEnv): number => {
  let flags = 0;
  if (pid === 1) flags |= FLAG.INIT;
  if (pid === env.selfPid || ppid === env.selfPid) flags |= FLAG.SELF;
  if (env.ancestors.has(pid)) flags |= FLAG.ANCESTOR;
  return flags;
};

const readComm = (io: IndexIo, base: string): string => {
  const length = readOnce(io, `${base}/comm`);
  return length > 0 ? latin1(buffer, 0, length - 1) : '';
};

const ZOMBIE = 'Z'.charCodeAt(0);

/** Whose exe to read. A leader that has exited has no mm and so no exe; its threads have (fs/proc/base.c, proc_exe_link). */
const exeOwner = (io: IndexIo, procRoot: string, pid: number, state: number): number | string => {
  const live = state === ZOMBIE ? openLiveThread(io, procRoot, pid) : null;
  if (live === null) return pid;
  io.close(live.fd);
  return `${pid}/task/${live.tid}`;
};

/** Fills the identity columns of a slot. Returns 0, or -errno when the process could not be read (it may be gone). */
export const identify = (io: IndexIo, slots: Slots, env: IndexEnv, slot: number, nowMs: number): number => {
  const { table } = slots;
  const pid = table.pid[slot] as number;
  const base = `${env.procRoot}/${pid}`;
  const length = readOnce(io, `${base}/status`);
  if (length < 0) return length;
  const parsed = parsePidStatus(buffer, length, status) === null;
  // More supplementary groups than the buffer holds, or a kernel we do not know: no way to hide from being chosen.
  const comm = parsed ? commOfStatus(buffer, status) : readComm(io, base);
  const adjLength = readOnce(io, `${base}/oom_score_adj`);
  if (adjLength < 0) return adjLength;
  const adj = parseOomScoreAdj(buffer, adjLength);
  const cgroupLength = readOnce(io, `${base}/cgroup`);
  // ENOENT: a kernel without cgroups. Out of descriptors or memory, a protected unit must not pass for none.
  if (cgroupLength < 0 && cgroupLength !== -ENOENT) return cgroupLength;
  const cgroup = cgroupLength > 0 ? parsePidCgroup(buffer, cgroupLength, env.cgroupMode) : '';
  const exe = readExe(env.procRoot, exeOwner(io, env.procRoot, pid, parsed ? status.state : ABSENT), env.isNamedExe);
  // The descriptor kept since enrolment still answers: what was read by path in between was this process. Otherwise it
  // may have been the next one with its pid, and nothing of that belongs into this row.
  const proof = io.preadAt0(slots.scoreFd[slot] as number, buffer, 16);
  if (proof < 0) {
    if (proof === -ESRCH) table.flags[slot] = (table.flags[slot] as number) | FLAG.GONE;
    return proof;
  }
  if (parsed) applyStatus(slots, slot, status);
  let flags = (table.flags[slot] as number) | kinshipFlags(pid, table.ppid[slot] as number, env) | FLAG.IDENTIFIED;
  if (parsed && isKernelThread(pid, status)) flags |= FLAG.KTHREAD;
  table.flags[slot] = exe.verified ? flags | FLAG.EXE_VERIFIED : flags & ~FLAG.EXE_VERIFIED;
  table.comm[slot] = comm;
  if (adj !== NO_OOM_SCORE_ADJ) table.oomScoreAdj[slot] = adj;
  table.cgroup[slot] = cgroup;
  table.unit[slot] = unitOf(cgroup);
  table.oomGroup[slot] = env.oomGroups?.of(cgroup, nowMs) ?? '';
  table.exe[slot] = exe.path;
  slots.identifiedMs[slot] = nowMs;
  slots.identities[slot] = (slots.identities[slot] as number) + 1;
  if ((flags & FLAG.KTHREAD) === 0) table.oomScore[slot] = parseOomScore(buffer, proof);
  return 0;
};
