/** The killing itself is what does not help: nobody may be killed, the wrong ones are, or as many come as go. */

import { grownKiB, lostKiB } from './baseline.ts';
import { isRecent } from './kernel-said.ts';
import { type Finding, mib, type Seen } from './seen.ts';

/** Only those are left that nobody may kill (kernel-facts 5.8); the kernel panics then, or says that it ignored SysRq-f. */
export const unkillableCause = ({ kernel, noAction, killed, nowMs }: Seen): Finding | null => {
  const evidence: string[] = [];
  if (isRecent(kernel.noKillableMs, nowMs)) evidence.push(`the kernel: ${kernel.noKillableText}`);
  // After a kill of ours the shortage is still there for a moment, and the next one may be nobody.
  if (killed.length === 0 && (noAction === 'all_protected' || noAction === 'no_candidate')) {
    evidence.push(noAction === 'all_protected' ? 'all that are large enough are protected' : 'nobody can be chosen');
  }
  // What belongs to no process has been asked for before (held.ts).
  if (noAction === 'futile') evidence.push('all who may be killed would not return what is missing');
  if (evidence.length === 0) return null;
  // kill(2) takes also those at -1000: a person or a policy that protects less can.
  return { cause: 'unkillable', confidence: 'high', killHelps: true, subject: '', evidence };
};

/** vm.oom_kill_allocating_task does not wait for earlier victims: 8 kills in 0.6 s, 5 of them in 20 ms (kernel-facts 0.10). */
const BURST_KILLS = 3;

export const allocatingTaskCause = ({ kernel, sample, nowMs }: Seen): Finding | null => {
  if (kernel.allocatingTaskKills < BURST_KILLS || !isRecent(kernel.allocatingTaskMs, nowMs)) return null;
  const evidence = [
    `the kernel killed ${kernel.allocatingTaskKills} that allocated, not the largest`,
    `vm.oom_kill_allocating_task=${Math.max(0, sample.oomKillAllocatingTask)}`,
  ];
  return { cause: 'allocating_task', confidence: 'high', killHelps: true, subject: '', evidence };
};

/** As many of one name killed by us in one episode: what dies is started again. */
const SAME_NAME = 3;
/** 1,000 tasks more, each with a kernel stack of 16 KiB (THREAD_SIZE of x86-64 and arm64). */
const STACKS_KIB = 16_000;
/** A small process costs 200 KiB: its stack of 16 is 8 % of it. */
const STACKS_OF_LOST = 0.04;

const respawned = (killed: readonly string[]): string | undefined =>
  killed.find((name) => killed.filter((other) => other === name).length >= SAME_NAME);

/** SIGKILL one by one loses against it: the parent, or the cgroup, has to go (kernel-facts 5.25). */
export const forkStormCause = ({ baseline, killed }: Seen): Finding | null => {
  const about = { cause: 'fork_storm', killHelps: true } as const;
  const name = respawned(killed);
  if (name !== undefined) {
    const times = killed.filter((other) => other === name).length;
    return {
      ...about,
      confidence: 'high',
      subject: name,
      evidence: [`${times} of that name killed, and memory is short again`],
    };
  }
  const stacks = grownKiB(baseline, 'kernelStackKiB');
  const lost = lostKiB(baseline);
  if (stacks < STACKS_KIB || stacks < lost * STACKS_OF_LOST) return null;
  const evidence = [
    `kernel stacks grew by ${mib(stacks)} (${Math.round(stacks / 16)} tasks), MemAvailable fell by ${mib(lost)}`,
  ];
  return { ...about, confidence: 'medium', subject: '', evidence };
};
