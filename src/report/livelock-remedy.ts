/**
 * What ends a livelock of each cause, and whether a death can: one table, which LIVELOCKS.md repeats. What stands in capitals is
 * the subject of the event.
 */
import type { LivelockCause, LivelockClass } from '../core/livelock.ts';

interface CauseWords {
  /** Follows "livelock of the host: ". */
  readonly cause: string;
  /** What it is recognised by. */
  readonly sign: string;
  readonly remedy: string;
  /** For people; an event has its own answer, made of what was seen. */
  readonly killing: string;
}

export const CLASS_WORDS: Readonly<Record<LivelockClass, string>> = {
  none: 'the host moves',
  after_kill: 'after a kill: a victim does not go, and memory stays short',
  overload: 'before any kill: pages that are needed come back as fast as they are thrown out',
  before_kill: 'before any kill: reclaim gets nothing',
  nofs: 'before any kill: only allocations that may not enter a file system are under way, which never call the killer',
  other: 'outside of the page allocator: in a cgroup, or short with nobody to kill',
};

const HELPS = 'yes';

export const CAUSE_WORDS: Readonly<Record<LivelockCause, CauseWords>> = {
  unknown: {
    cause: 'nothing that was seen says from what it comes',
    sign: 'stalls alone',
    remedy: 'echo w > /proc/sysrq-trigger tells in dmesg what the stalled tasks wait for',
    killing: 'not known; tried',
  },
  file_thrash: {
    cause: 'file pages are read again and again',
    sign: 'workingset_refault_file about as high as pgsteal, memory full, MemAvailable up to half of RAM',
    remedy: 'stop or limit the largest user of anonymous memory; MemoryLow= for what must stay responsive',
    killing: HELPS,
  },
  swap_thrash: {
    cause: 'anonymous memory is swapped in and out again and again',
    sign: 'workingset_refault_anon and pswpin about as high as pgsteal, swap on a disk or in a file',
    remedy: 'stop the largest user of memory and swap, or systemctl freeze UNIT until others have finished',
    killing: HELPS,
  },
  zram_thrash: {
    cause: 'anonymous memory is compressed and uncompressed again and again',
    sign: 'workingset_refault_anon high, memory full without io full, swap in zram or zswap',
    remedy: 'stop the largest user of memory and swap; a smaller zram leaves room for the working set',
    killing: HELPS,
  },
  memory_high: {
    cause: 'a cgroup is throttled above its memory.high',
    sign: 'memory.current above memory.high, high events, the memory.pressure full of the cgroup',
    remedy: 'systemctl set-property --runtime UNIT MemoryHigh=infinity, or stop the unit',
    killing: 'yes, of a process in the cgroup',
  },
  victim_on_storage: {
    cause: 'a victim waits for storage that does not answer',
    sign: 'SIGKILL pending for 5 s (1 s with a reason), a thread in D in a frozen, suspended or dead file system',
    remedy: 'see the reason of the victim: fsfreeze -u, dmsetup resume, umount -f, abort of the FUSE connection',
    killing: 'yes, of others, until a second one is stuck there as well',
  },
  mmap_lock: {
    cause: 'a thread of a victim holds mmap_lock for write and is stuck itself',
    sign: 'process_mrelease(2) or a read of cmdline does not return',
    remedy: 'echo w > /proc/sysrq-trigger tells in dmesg what that thread waits for: release that',
    killing: 'yes, of others',
  },
  unkillable: {
    cause: 'all that have memory may not be killed',
    sign: 'nobody to choose, or all who may be killed have less than is missing, or "no killable processes" in the kernel log',
    remedy:
      'systemctl restart the largest of them, or narrow the protection; a kill by hand works at oom_score_adj -1000 as well',
    killing: 'yes, of those that are protected',
  },
  memcg_unkillable: {
    cause: 'a cgroup is at its limit, and all in it have oom_score_adj -1000',
    sign: 'oom of memory.events rises ten times a second or more, oom_kill does not',
    remedy: 'systemctl kill -s KILL UNIT works at oom_score_adj -1000 as well; or raise MemoryMax=',
    killing: 'yes, of a process in the cgroup',
  },
  memcg_under_oom: {
    cause: 'a cgroup v1 is out of memory, and its killer is switched off',
    sign: 'oom_kill_disable 1 and under_oom 1 in memory.oom_control, by two looks',
    remedy: 'systemctl kill -s KILL UNIT; or raise MemoryLimit=',
    killing: 'yes, of a process in the cgroup',
  },
  shmem: {
    cause: 'tmpfs or shared memory has the memory',
    sign: 'Shmem is 70 % of memory, or four fifths of what was lost since the host was at ease',
    remedy: 'df -t tmpfs and ipcs -m show it; delete or truncate files, ipcrm -m ID',
    killing: 'no, unless the one who maps it may be killed',
  },
  slab: {
    cause: 'the kernel itself has the memory: slab, page tables or a driver',
    sign: 'SUnreclaim, PageTables or what meminfo does not name, in the same proportion',
    remedy: 'slabtop -s c names the cache; of page tables the process with the largest VmPTE; drain and reboot',
    killing: 'no; of page tables yes',
  },
  hugetlb: {
    cause: 'huge pages are reserved',
    sign: 'Hugetlb in the same proportion',
    remedy: 'sysctl vm.nr_hugepages=N with fewer',
    killing: 'no',
  },
  mlocked: {
    cause: 'locked memory cannot be reclaimed',
    sign: 'Mlocked in the same proportion',
    remedy: 'grep VmLck /proc/[0-9]*/status names the owners: stop them or lower LimitMEMLOCK=',
    killing: 'yes, of the owner',
  },
  arc: {
    cause: 'the ARC of ZFS does not give way',
    sign: 'a shortage while ARC has 30 % of memory',
    remedy: 'echo BYTES > /sys/module/zfs/parameters/zfs_arc_max; echo 3 > /proc/sys/vm/drop_caches',
    killing: 'for a while',
  },
  core_dump: {
    cause: 'the core of a victim is being dumped',
    sign: 'CoreDumping 1',
    remedy: 'kill -9 PID ends most dumps; LimitCORE=0 in its unit prevents them',
    killing: 'yes, of others',
  },
  frozen: {
    cause: 'a victim is frozen',
    sign: 'a thread in __refrigerator',
    remedy: 'echo THAWED > /sys/fs/cgroup/freezer/GROUP/freezer.state',
    killing: 'yes, of others',
  },
  clone_vm: {
    cause: 'a process that lives on shares the memory of a victim',
    sign: 'kcmp(2) says so, or process_mrelease(2) gives EINVAL',
    remedy: 'kill -9 the sharers as well',
    killing: 'yes, of all that share it',
  },
  vfork: {
    cause: 'a victim shares its memory with a child of vfork(2), which the kernel does not choose',
    sign: 'the same, and oom_score 0 of a process that has memory',
    remedy: 'kill -9 the parent and the child',
    killing: 'yes, of both',
  },
  oom_lock: {
    cause: "the killer of a cgroup keeps the kernel's killer from the host",
    sign: 'oom of memory.events rises without a kill, or "no killable processes" about a cgroup, while the host stalls',
    remedy: 'dmesg -n 3; sysctl vm.oom_dump_tasks=0; systemctl kill -s KILL UNIT',
    killing: 'yes, of a process in that cgroup',
  },
  kswapd_gave_up: {
    cause: 'kswapd gave up, everybody reclaims for himself',
    sign: 'node_unreclaimable 1 in zoneinfo, pgscan_direct',
    remedy: 'stop the largest user of memory; it comes back when a page is freed',
    killing: HELPS,
  },
  constraint: {
    cause: 'allocations are bound to nodes that are full while others are free',
    sign: 'constraint=CONSTRAINT_CPUSET or _MEMORY_POLICY in the kernel log, or a node that is unreclaimable beside free memory',
    remedy: 'widen AllowedMemoryNodes= of the unit, or the numactl policy of the process',
    killing: 'yes, of who is bound to the same nodes',
  },
  allocating_task: {
    cause: 'the kernel kills whoever allocates, not who has the memory',
    sign: 'three such kills within ten seconds',
    remedy: 'sysctl vm.oom_kill_allocating_task=0',
    killing: 'yes, of the largest',
  },
  storage_cycle: {
    cause: 'reclaim waits for storage that waits for memory',
    sign: 'pgscan_direct_throttle rises while pages are in writeback',
    remedy: 'echo w > /proc/sysrq-trigger; no swap or writeback over a network or a loop device on the same host',
    killing: 'yes, if it frees pages that need not be written',
  },
  balloon: {
    cause: 'the hypervisor takes memory away',
    sign: 'balloon_inflate, Balloon or MemTotal changes by half of what was lost',
    remedy: 'deflate the balloon on the hypervisor (virsh setmem)',
    killing: 'no, while it inflates',
  },
  fork_storm: {
    cause: 'as many processes come as go',
    sign: 'three of one name killed in one episode, or a thousand kernel stacks more since the host was at ease',
    remedy: 'systemctl kill -s KILL UNIT, or kill -STOP the parent before its children; TasksMax= prevents it',
    killing: 'yes, of the parent or of the whole cgroup',
  },
};
