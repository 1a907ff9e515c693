/** Why the rescue stands still after a kill: by what the examination of the victim has found (core/dying, linux/victims). */
import type { Dying, StuckReason } from '../dying.ts';
import type { Confidence, LivelockCause } from '../livelock.ts';
import { type Finding, mib, type Seen } from './seen.ts';

const BY_REASON: Readonly<Record<StuckReason, LivelockCause>> = {
  frozen_v1: 'frozen',
  fsfreeze: 'victim_on_storage',
  fuse: 'victim_on_storage',
  nfs: 'victim_on_storage',
  device: 'victim_on_storage',
  core_dump: 'core_dump',
  mmap_lock: 'mmap_lock',
  sharer_alive: 'clone_vm',
  traced: 'unknown',
  unknown: 'unknown',
};

/** process_mrelease(2) tells the same, and often sooner. */
const causeOf = ({ reason, reap }: Dying): [LivelockCause, Confidence] => {
  if (reason !== null && BY_REASON[reason] !== 'unknown') return [BY_REASON[reason], 'high'];
  if (reap === 'hung') return ['mmap_lock', 'medium'];
  if (reap === 'sharer_alive') return ['clone_vm', 'medium'];
  if (reap === 'core_dump') return ['core_dump', 'medium'];
  return ['unknown', 'low'];
};

/** A child of vfork(2) has the memory of its parent, and the kernel's killer does not see it (kernel-facts 5.17). */
const withVfork = (cause: LivelockCause, seen: Seen): LivelockCause =>
  cause === 'clone_vm' && seen.hiddenProcesses > 0 ? 'vfork' : cause;

const sizeOf = ({ sizeKiB }: Dying): string => (sizeKiB < 0 ? '' : `, ${mib(sizeKiB)}`);

/** Of the victims that should have gone the one that is best understood. */
export const victimCause = (seen: Seen): Finding | null => {
  let best: Dying | null = null;
  let found: [LivelockCause, Confidence] = ['unknown', 'low'];
  for (const dying of seen.stuck) {
    const next = causeOf(dying);
    if (best !== null && (found[0] !== 'unknown' || next[0] === 'unknown')) continue;
    best = dying;
    found = next;
  }
  if (best === null) return null;
  const { pid, comm, detail, sinceMs } = best;
  const [cause, confidence] = [withVfork(found[0], seen), found[1]];
  const evidence = [
    `pid ${pid} has SIGKILL for ${Math.round((seen.nowMs - sinceMs) / 1000)} s and is not gone${sizeOf(best)}`,
  ];
  if (detail !== '') evidence.push(detail);
  if (seen.stuck.length > 1) evidence.push(`${seen.stuck.length} victims do not go`);
  // Where one got stuck the others may go; where the second did as well, so will the third.
  const killHelps = cause !== 'victim_on_storage' || seen.stuck.length < 2;
  return { cause, confidence, killHelps, subject: `pid ${pid} (${comm})`, evidence };
};
