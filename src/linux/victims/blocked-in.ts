/**
 * What a thread waits for, by the kernel function it sleeps in: the first line of /proc/PID/wchan, or the frames of
 * /proc/PID/stack. Names drift from kernel to kernel (leading underscores, page to folio, anon_pipe_read), so what stays
 * of them is matched, here and nowhere else (kernel-facts 4.6 and 5).
 */
import type { StuckReason } from '../../core/dying.ts';

interface Wait {
  readonly reason: StuckReason;
  readonly pattern: RegExp;
  /** Matches only the function that it sleeps in, not its callers. */
  readonly innermost: boolean;
}

const wait = (reason: StuckReason, pattern: RegExp, innermost = false): Wait => ({ reason, pattern, innermost });

/** From the particular to the general: a page that NFS brings is waited for as any other is. */
const WAITS: readonly Wait[] = [
  wait('frozen_v1', /refrigerator/),
  wait('core_dump', /coredump|dump_emit|core_dump/),
  wait('fuse', /^_*(fuse_|request_wait_answer)/),
  // Not kernfs_.
  wait('nfs', /^_*(nfs\d?_|rpc_)/),
  // Freezing takes s_writers for write, and whoever would write waits in percpu_rwsem (fs/super.c, freeze_super).
  wait('fsfreeze', /percpu_rwsem|percpu_down_read|sb_start_write|sb_wait_write|freeze_super|vfs_check_frozen/),
  // A dying thread takes mmap_lock in exit_mm(), which is inlined; rwsem functions are left out of wchan and stack.
  wait('mmap_lock', /^(do_exit|exit_mm|mmput|__mmput|exit_mmap)$/, true),
  wait('device', /io_schedule|bit_wait|iomap_dio|wait_on_|folio_wait|page_wait|submit_bio|blk_|rq_qos|^dm_|writeback/),
  wait('device', /jbd2|wait_transaction|ext4_|xfs_|xlog_|btrfs_|sync_inodes|dio_await|blockdev_direct/),
];

/** The reason that these frames show (innermost first), with the frame that shows it; null when none is known. */
export const blockedIn = (
  frames: readonly string[],
): { readonly reason: StuckReason; readonly frame: string } | null => {
  for (const { reason, pattern, innermost } of WAITS) {
    const frame = frames.find((name, depth) => (depth === 0 || !innermost) && pattern.test(name));
    if (frame !== undefined) return { reason, frame };
  }
  return null;
};

/** wchan is one name without a newline, "0" for a running thread (and always on some 5.10 kernels). */
export const framesOfWchan = (text: string): string[] => {
  const name = text.trim();
  return name === '' || name === '0' ? [] : [name];
};

/** stack is one frame a line: "[<0>] request_wait_answer+0x12c/0x210 [fuse]". */
export const framesOfStack = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => /^\[<[^>]*>\]\s+([^\s+]+)/.exec(line)?.[1] ?? '')
    .filter((name) => name !== '' && !/^0x/.test(name));
