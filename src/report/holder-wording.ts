/** Words for who has memory that no death returns, and what returns it. */
import type { Holder, HolderKind } from '../core/holder.ts';
import { size } from './amount.ts';
import { quoted } from './printable.ts';
import { available, type EventOf, type Sentence } from './sentence.ts';

interface HolderWords {
  readonly is: string;
  /** A command where there is one. NAME and the like stand for what the line names. */
  readonly remedy: string;
}

const HOLDER_WORDS: Record<HolderKind, HolderWords> = {
  tmpfs: { is: 'files in the tmpfs', remedy: 'du -ax MOUNT | sort -n | tail tells which; delete or truncate them' },
  sysv_segment: { is: 'System V segment', remedy: 'ipcrm -m SHMID, when nobody needs it any more' },
  memfd: { is: 'file without a name, open in', remedy: 'stop that process, or have it close the file' },
  slab_cache: {
    is: 'slab cache of the kernel',
    remedy: 'slabtop -s c; echo 2 > /proc/sys/vm/drop_caches returns what is reclaimable; what stays is a leak: reboot',
  },
  hugetlb: { is: 'pool of huge pages', remedy: 'sysctl vm.nr_hugepages=N, fewer than now' },
  arc: { is: 'cache of', remedy: 'echo BYTES > /sys/module/zfs/parameters/zfs_arc_max' },
  page_tables: { is: 'page tables', remedy: 'stop that process; huge pages need fewer of them' },
  unaccounted: { is: 'pages that no line of /proc/meminfo tells, of', remedy: 'a driver, a balloon or a leak: reboot' },
  cgroup: { is: 'shared memory and slab charged to cgroup', remedy: 'stop that unit or container' },
  process: { is: 'shared memory that', remedy: 'it returns when the last process that maps it is gone' },
};

/** Holders named in the sentence; all are in the fields. */
const NAMED = 4;

const words = ({ kind, name, sizeKiB }: Holder): string => {
  const { is, remedy } = HOLDER_WORDS[kind];
  return `${size(sizeKiB)} ${is} ${quoted(name)} (${remedy})`;
};

export const holdersSentence = ({ holders, heldKiB, memory }: EventOf<'holders'>): Sentence => {
  if (holders.length === 0) {
    return ['info', `memory that no kill returns makes no shortage any more; ${available(memory)}`];
  }
  const told = holders.slice(0, NAMED).map(words).join('; ');
  const more = holders.length > NAMED ? `; ${holders.length - NAMED} more` : '';
  return [
    'error',
    `this shortage is of memory that no kill returns, ${size(heldKiB)} in all: ${told}${more}; ${available(memory)}`,
  ];
};
