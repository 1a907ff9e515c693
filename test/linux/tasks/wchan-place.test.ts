import { expect, it } from 'vitest';
import { placeOf } from '../../../src/linux/tasks/wchan-place.ts';

it.each([
  // As seen in guests of 5.10 to 7.2 (kernel-facts 4.6), and by the sources of these.
  ['mem_cgroup_handle_over_high', 'over_high'],
  ['__mem_cgroup_handle_over_high', 'over_high'],
  ['reclaim_throttle', 'reclaim'],
  ['throttle_direct_reclaim.isra.0', 'reclaim'],
  ['shrink_inactive_list', 'reclaim'],
  ['shrink_node', 'reclaim'],
  ['congestion_wait', 'reclaim'],
  ['__alloc_pages_slowpath.constprop.0', 'reclaim'],
  ['mempool_alloc', 'reclaim'],
  ['io_schedule', 'page_io'],
  ['folio_wait_bit_common', 'page_io'],
  ['wait_on_page_bit_common', 'page_io'],
  ['__lock_page_killable', 'page_io'],
  ['do_user_addr_fault', 'mmap_lock'],
  ['lock_mm_and_find_vma', 'mmap_lock'],
  ['vm_mmap_pgoff', 'mmap_lock'],
  ['__vm_munmap', 'mmap_lock'],
  ['do_exit', 'mmap_lock'],
  ['do_mprotect_pkey', 'mmap_lock'],
  ['request_wait_answer', 'elsewhere'],
  ['percpu_rwsem_wait', 'elsewhere'],
  ['jbd2_log_wait_commit', 'elsewhere'],
  ['__refrigerator', 'elsewhere'],
  ['kernel_clone', 'elsewhere'],
  ['0', 'unknown'],
  ['', 'unknown'],
  ['0\n', 'unknown'],
])('%s is %s', (name, place) => {
  expect(placeOf(name)).toBe(place);
});
