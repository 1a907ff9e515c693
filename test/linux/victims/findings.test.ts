/** From what the files say to a reason and a sentence; texts as kernels from 5.10 to 7.2 print them. */
import { describe, expect, it } from 'vitest';
import { blockedIn, framesOfStack, framesOfWchan } from '../../../src/linux/victims/blocked-in.ts';
import {
  conclude,
  emptyFindings,
  type Findings,
  type Known,
  type ThreadFinding,
} from '../../../src/linux/victims/findings.ts';

const KNOWN: Known = { isGone: false, reap: 'released', sharers: [] };

const thread = (tid: number, state: string, wchan = '', changes: Partial<ThreadFinding> = {}): ThreadFinding => ({
  ...{ tid, state, hasMm: state !== 'Z', isCoreDumping: false, tracerPid: 0, frames: framesOfWchan(wchan) },
  ...changes,
});
const verdict = (threads: ThreadFinding[], changes: Partial<Findings> = {}, known: Partial<Known> = {}) => {
  const { reason, detail } = conclude({ ...emptyFindings(7, 5), threads, ...changes }, { ...KNOWN, ...known });
  return [reason, detail];
};

describe('the function that a thread sleeps in', () => {
  it.each([
    ['__refrigerator', 'frozen_v1'],
    ['request_wait_answer', 'fuse'],
    ['fuse_dev_do_read', 'fuse'],
    ['__fuse_simple_request', 'fuse'],
    ['rpc_wait_bit_killable', 'nfs'],
    ['nfs4_wait_on_slot', 'nfs'],
    ['nfs_wait_bit_killable', 'nfs'],
    ['percpu_rwsem_wait', 'fsfreeze'],
    ['__sb_start_write', 'fsfreeze'],
    ['do_exit', 'mmap_lock'],
    ['exit_mm', 'mmap_lock'],
    ['io_schedule', 'device'],
    ['io_schedule_timeout', 'device'],
    ['__iomap_dio_rw', 'device'],
    ['folio_wait_bit_common', 'device'],
    ['wait_on_page_bit', 'device'],
    ['jbd2_log_wait_commit', 'device'],
    ['wait_transaction_locked', 'device'],
    ['xfs_buf_lock', 'device'],
    ['coredump_task_exit', 'core_dump'],
    // Not stuck on any of these.
    ['kernfs_fop_write_iter', null],
    ['hrtimer_nanosleep', null],
    ['kernel_clone', null],
    ['mem_cgroup_handle_over_high', null],
    ['pipe_write', null],
  ])('%s means %s', (name, reason) => expect(blockedIn([name])?.reason ?? null).toBe(reason));

  it('is none for a running thread, and where the kernel does not say', () => {
    expect(framesOfWchan('0')).toEqual([]);
    expect(framesOfWchan('')).toEqual([]);
    expect(blockedIn([])).toBeNull();
  });

  it('is found among its callers in a stack, where a dying thread is always in do_exit as well', () => {
    const stack = [
      '[<0>] folio_wait_bit+0xd6/0x220',
      '[<0>] fuse_vma_close+0x1c/0x30 [fuse]',
      '[<0>] do_exit+0x1f1/0xab0',
      '[<0>] 0xffffffffc0000000',
      '',
    ].join('\n');
    const frames = framesOfStack(stack);
    expect(frames).toEqual(['folio_wait_bit', 'fuse_vma_close', 'do_exit']);
    expect(blockedIn(frames)).toEqual({ reason: 'fuse', frame: 'fuse_vma_close' });
    expect(blockedIn(['pipe_read', 'do_exit'])).toBeNull();
    expect(framesOfStack('garbage\n[<0>]')).toEqual([]);
  });
});

describe('the verdict', () => {
  const leader = thread(7, 'Z');
  it.each<[string, unknown[], unknown[]]>([
    [
      'fsfreeze',
      verdict([leader, thread(9, 'D', 'percpu_rwsem_wait')]),
      ['fsfreeze', 'thread 9 (D) in percpu_rwsem_wait; 4 of 5 threads have exited'],
    ],
    [
      'a suspended device freezes its file system',
      verdict([leader, thread(9, 'D', 'percpu_rwsem_wait')], { suspended: 'device data (dm-3) is suspended' }),
      ['device', 'thread 9 (D) in percpu_rwsem_wait; 4 of 5 threads have exited; device data (dm-3) is suspended'],
    ],
    [
      'FUSE',
      verdict([leader, thread(9, 'D', 'request_wait_answer')], { fuse: 'fuse connection 42 (/mnt/x)' }),
      ['fuse', 'thread 9 (D) in request_wait_answer; 4 of 5 threads have exited; fuse connection 42 (/mnt/x)'],
    ],
    ['NFS', verdict([thread(7, 'D', 'rpc_wait_bit_killable')]), ['nfs', expect.stringContaining('(D) in rpc_wait')]],
    [
      'frozen where it slept, since 6.1',
      verdict([thread(7, 'D', 'futex_do_wait')], { frozen: '/docker/a', threadsBefore: 1 }),
      ['frozen_v1', 'thread 7 (D) in futex_do_wait; none of 1 threads has exited; freezer cgroup /docker/a'],
    ],
    [
      'a core dump before all else: the dump may wait for a device',
      verdict([thread(7, 'D', 'io_schedule', { isCoreDumping: true })]),
      ['core_dump', expect.stringContaining('thread 7 (D) in io_schedule')],
    ],
    [
      'a debugger',
      verdict([thread(7, 't', 'ptrace_stop', { tracerPid: 99 })]),
      ['traced', expect.stringContaining('thread 7 (t) in ptrace_stop, traced by 99')],
    ],
    [
      'mmap_lock: one leaves and waits for it, another waits elsewhere',
      verdict([thread(7, 'D', 'do_exit'), thread(9, 'D', 'request_wait_answer')], { fuse: 'fuse connection 42 (/m)' }),
      ['mmap_lock', 'thread 9 (D) in request_wait_answer; 3 of 5 threads have exited; fuse connection 42 (/m)'],
    ],
    [
      'mmap_lock, as the reaper hangs',
      verdict([thread(7, 'D', '')], {}, { reap: 'hung' }),
      ['mmap_lock', 'thread 7 (D); 4 of 5 threads have exited'],
    ],
    [
      'mmap_lock, as cmdline alone does not answer',
      verdict([thread(7, 'D', '')], { reading: '/proc/7/task/7/cmdline' }),
      ['mmap_lock', 'thread 7 (D); 4 of 5 threads have exited; /proc/7/task/7/cmdline does not answer'],
    ],
    [
      'one thread that leaves and has no memory any more holds nobody up',
      verdict([thread(7, 'D', 'do_exit', { hasMm: false }), thread(9, 'D', 'io_schedule')]),
      ['device', expect.stringContaining('thread 9 (D) in io_schedule')],
    ],
    [
      'a sharer',
      verdict([thread(7, 'R')], {}, { sharers: [8, 9] }),
      ['sharer_alive', '4 of 5 threads have exited; its memory is shared by 8, 9, not killed'],
    ],
    ['a sharer that nobody can name', verdict([leader], {}, { reap: 'sharer_alive' })[0], 'sharer_alive'] as never,
    ['nothing known', verdict([leader, thread(9, 'R', '0')]), ['unknown', 'thread 9 (R); 4 of 5 threads have exited']],
    ['nothing read', verdict([]), ['unknown', '']],
    ['a sleeping thread is not stuck on a page', verdict([thread(7, 'S', 'io_schedule')])[0], 'unknown'] as never,
    ['one that has gone', verdict([thread(7, 'D')], {}, { isGone: true }), ['unknown', 'it has gone meanwhile']],
    [
      'a file that does not answer',
      verdict([thread(7, 'D')], { reading: '/proc/7/task/7/wchan' }),
      ['unknown', expect.stringContaining('/proc/7/task/7/wchan does not answer')],
    ],
  ])('%s', (_, given, expected) => expect(given).toEqual(expected));
});
