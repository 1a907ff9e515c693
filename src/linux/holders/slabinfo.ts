/**
 * /proc/slabinfo (mm/slab_common.c, slabinfo_show(); root alone may read it), version 2.1:
 *
 *     slabinfo - version: 2.1
 *     # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ... : slabdata <active_slabs> <num_slabs> <sharedavail>
 *     dentry            812448 812448    192   21    1 : tunables    0    0    0 : slabdata  38688  38688      0
 *
 * Reading it takes slab_mutex, which whoever makes a cache holds while it allocates (kernel-facts 4.4): off the loop alone.
 */
import type { Holder } from '../../core/holder.ts';

const LINE = /^(\S+) +\d+ +\d+ +\d+ +\d+ +(\d{1,6}) : tunables [\d ]+ : slabdata +\d+ +(\d{1,12}) +\d+$/gm;

/** One holder a cache, in the order of the file. A name may have any byte but a blank: modules choose it. */
export const parseSlabinfo = (text: string, pageKiB: number): Holder[] =>
  Array.from(text.matchAll(LINE), ([, name, pages, slabs]) => ({
    kind: 'slab_cache',
    name: name as string,
    sizeKiB: Number(slabs) * Number(pages) * pageKiB,
  }));
