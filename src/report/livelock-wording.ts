/** Words for a livelock: what it is, what was seen, what ends it. */
import type { LivelockCause } from '../core/livelock.ts';
import { span } from './amount.ts';
import { isPlainPath, unitAt } from './command-words.ts';
import { CAUSE_WORDS, CLASS_WORDS } from './livelock-remedy.ts';
import { quoted } from './printable.ts';
import { detail, type EventOf, joined, type Sentence } from './sentence.ts';

const PID = /^pid (\d+)/;

/** Causes whose subject is a cgroup, with the remedy where it is no unit. */
const OF_CGROUP: Readonly<Partial<Record<LivelockCause, string>>> = {
  memory_high: 'echo max > /sys/fs/cgroupPATH/memory.high, or echo 1 > /sys/fs/cgroupPATH/cgroup.kill',
  memcg_unkillable: 'echo 1 > /sys/fs/cgroupPATH/cgroup.kill, or raise its memory.max',
  memcg_under_oom:
    'echo 0 > /sys/fs/cgroup/memoryPATH/memory.oom_control lets the kernel kill in it, or raise its memory.limit_in_bytes',
  oom_lock: 'dmesg -n 3; sysctl vm.oom_dump_tasks=0; echo 1 > /sys/fs/cgroupPATH/cgroup.kill',
};

/** The command, with the object that the event names. */
export const livelockRemedy = (cause: LivelockCause, subject: string): string => {
  const { remedy } = CAUSE_WORDS[cause];
  const ofCgroup = OF_CGROUP[cause];
  if (ofCgroup !== undefined && isPlainPath(subject)) {
    const unit = unitAt(subject);
    return unit === undefined ? ofCgroup.replaceAll('PATH', subject) : remedy.replace('UNIT', unit);
  }
  const pid = PID.exec(subject)?.[1];
  return pid === undefined ? remedy : remedy.replace('PID', pid);
};

const where = (subject: string): string => (subject === '' ? '' : ` (${quoted(subject, 200)})`);

export const livelockSentence = (event: EventOf<'livelock'>): Sentence => {
  const { cause } = CAUSE_WORDS[event.cause];
  const what = `${cause}${where(event.subject)}`;
  if (event.stage === 'ends') return ['info', `livelock is over after ${span(event.forMs)}: ${what}`];
  const verb = event.stage === 'begins' ? 'livelock' : `livelock for ${span(event.forMs)}, now`;
  const parts = [
    `${verb} ${CLASS_WORDS[event.class]}; ${what}`,
    `confidence ${event.confidence}: ${detail(event.evidence.join(', '))}`,
    event.killHelps ? '' : 'killing does not end it',
    `remedy: ${livelockRemedy(event.cause, event.subject)}`,
  ];
  return ['error', joined(parts)];
};
