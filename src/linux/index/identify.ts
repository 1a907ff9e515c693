/** Who a process is: comm, uid, parent, cgroup, unit and executable. Opens files, so it belongs to calm times. */
import { FLAG } from '../../core/process-table.ts';
import { latin1 } from '../bytes.ts';
import { NO_OOM_SCORE_ADJ, parseOomScore, parseOomScoreAdj } from '../proc/oom-score.ts';
import { parsePidCgroup } from '../proc/pid-cgroup.ts';
import { commOfStatus, emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { unitOf } from '../proc/unit-of.ts';
import { readExe } from './exe.ts';
import { applyStatus } from './read-row.ts';
import type { IndexEnv, IndexIo, Slots } from './slots.ts';

const buffer = new Uint8Array(65_536);
const status = emptyPidStatus();

const KTHREADD = 2;

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
  if (pid === KTHREADD || ppid === KTHREADD) flags |= FLAG.KTHREAD;
  if (pid === 1) flags |= FLAG.INIT;
  if (pid === env.selfPid || ppid === env.selfPid) flags |= FLAG.SELF;
  if (env.ancestors.has(pid)) flags |= FLAG.ANCESTOR;
  return flags;
};

/** Fills the identity columns of a slot. Returns 0, or -errno when the process could not be read (it may be gone). */
export const identify = (io: IndexIo, slots: Slots, env: IndexEnv, slot: number, nowMs: number): number => {
  const { table } = slots;
  const pid = table.pid[slot] as number;
  const base = `${env.procRoot}/${pid}`;
  const length = readOnce(io, `${base}/status`);
  if (length < 0) return length;
  if (parsePidStatus(buffer, length, status) === null) {
    applyStatus(slots, slot, status);
    table.comm[slot] = commOfStatus(buffer, status);
  } else {
    // More supplementary groups than the buffer holds, or a kernel we do not know: no way to hide from being chosen.
    const commLength = readOnce(io, `${base}/comm`);
    table.comm[slot] = commLength > 0 ? latin1(buffer, 0, commLength - 1) : '';
  }
  table.flags[slot] = (table.flags[slot] as number) | kinshipFlags(pid, table.ppid[slot] as number, env);
  const adjLength = readOnce(io, `${base}/oom_score_adj`);
  const adj = adjLength > 0 ? parseOomScoreAdj(buffer, adjLength) : NO_OOM_SCORE_ADJ;
  if (adj !== NO_OOM_SCORE_ADJ) table.oomScoreAdj[slot] = adj;
  const cgroupLength = readOnce(io, `${base}/cgroup`);
  table.cgroup[slot] = cgroupLength > 0 ? parsePidCgroup(buffer, cgroupLength, env.cgroupMode) : '';
  table.unit[slot] = unitOf(table.cgroup[slot] as string);
  const exe = readExe(env.procRoot, pid);
  table.exe[slot] = exe.path;
  let flags = table.flags[slot] as number;
  flags = exe.verified ? flags | FLAG.EXE_VERIFIED : flags & ~FLAG.EXE_VERIFIED;
  // The descriptor kept since enrolment still answers: what was read by path in between was this process.
  const proof = io.preadAt0(slots.scoreFd[slot] as number, buffer, 16);
  if (proof < 0) {
    table.flags[slot] = flags | FLAG.GONE;
    return proof;
  }
  table.flags[slot] = flags | FLAG.IDENTIFIED;
  slots.identifiedMs[slot] = nowMs;
  if ((flags & FLAG.KTHREAD) === 0) table.oomScore[slot] = parseOomScore(buffer, proof);
  return 0;
};
