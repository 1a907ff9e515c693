/**
 * Pools of huge pages (Documentation/admin-guide/mm/hugetlbpage.rst): /sys/kernel/mm/hugepages/hugepages-2048kB has
 * nr_hugepages, free_hugepages and resv_hugepages. A pool is out of reach for everything else, also while it is free.
 */
import { readdir } from 'node:fs/promises';
import type { Holder } from '../../core/holder.ts';
import { readText } from '../read-text.ts';

const readCount = async (path: string): Promise<number> => {
  const text = await readText(path).catch(() => '');
  return /^\d{1,15}\n?$/.test(text) ? Number(text) : 0;
};

export const readHugePages = async (sysRoot: string): Promise<Holder[]> => {
  const folder = `${sysRoot}/kernel/mm/hugepages`;
  const found: Holder[] = [];
  for (const name of await readdir(folder)) {
    const pageKiB = Number(/^hugepages-(\d{1,9})kB$/.exec(name)?.[1] ?? 0);
    if (pageKiB === 0) continue;
    const total = await readCount(`${folder}/${name}/nr_hugepages`);
    const free = await readCount(`${folder}/${name}/free_hugepages`);
    const reserved = await readCount(`${folder}/${name}/resv_hugepages`);
    const use = `${total} pages of ${pageKiB} kB, ${free} free, ${reserved} of them reserved`;
    found.push({ kind: 'hugetlb', name: use, sizeKiB: total * pageKiB });
  }
  return found;
};
