/**
 * Where a thread in D sleeps, by the function that wchan names. Names drift from kernel to kernel and inlined callers stand
 * for what they have inlined, so what stays of them is matched (kernel-facts 4.6). rwsem functions are left out of wchan:
 * who waits for a mmap_lock shows as the caller that takes it.
 */
import type { Place } from '../../core/thread-readings.ts';

const PLACES: readonly (readonly [Place, RegExp])[] = [
  // mm/memcontrol.c; on 7.2 with underscores in front.
  ['over_high', /mem_cgroup_handle_over_high/],
  // mm/vmscan.c, page_alloc.c, compaction.c, oom_kill.c, mempool.c, memcontrol.c: waits in the allocator's slow path.
  [
    'reclaim',
    /reclaim|^shrink_|congestion_wait|wait_iff_congested|too_many_isolated|compact_|alloc_pages|^out_of_memory/,
  ],
  ['reclaim', /^oom_|mempool_alloc|try_charge|pfmemalloc_wait/],
  // mm/filemap.c, page_io.c, swap_state.c, block/: a page comes in or goes out.
  [
    'page_io',
    /io_schedule|folio_wait|folio_lock|wait_on_page|page_wait|lock_page|bit_wait|swap_readpage|swap_read_folio/,
  ],
  ['page_io', /swapin|submit_bio_wait|rq_qos_wait|wbt_wait|blk_mq_get_tag|filemap_fault/],
  // Callers of mmap_read_lock() and mmap_write_lock() (mm/mmap.c, mprotect.c, madvise.c, mlock.c, arch/x86/mm/fault.c).
  [
    'mmap_lock',
    /^rwsem_|mmap_(read|write)?_?lock|lock_mm_and_find_vma|do_user_addr_fault|exc_page_fault|vm_mmap_pgoff/,
  ],
  [
    'mmap_lock',
    /vm_munmap|do_mprotect|do_madvise|madvise_lock|do_mlock|_brk|exit_mm|do_exit|dup_mmap|access_remote_vm/,
  ],
];

/** `text` is what wchan reads: one name without a newline, "0" for none. */
export const placeOf = (text: string): Place => {
  const name = text.trim();
  if (name === '' || name === '0') return 'unknown';
  for (const [place, pattern] of PLACES) if (pattern.test(name)) return place;
  return 'elsewhere';
};
