/** Processes that map much shared memory, or have large page tables: RssShmem and VmPTE of their status, which never blocks. */
import type { Holder } from '../../core/holder.ts';
import { commOfStatus, emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';

const status = emptyPidStatus();

export interface Mappers {
  readonly shared: Holder[];
  readonly pageTables: Holder[];
}

export const readMappers = async (
  readBytes: (path: string) => Promise<Uint8Array>,
  procRoot: string,
  pids: readonly number[],
): Promise<Mappers> => {
  const shared: Holder[] = [];
  const pageTables: Holder[] = [];
  for (const pid of pids) {
    const text = await readBytes(`${procRoot}/${pid}/status`).catch(() => null);
    if (text === null || parsePidStatus(text, text.length, status) !== null) continue;
    const comm = commOfStatus(text, status);
    const { rssShmemKiB, vmPteKiB } = status;
    if (rssShmemKiB > 0) shared.push({ kind: 'process', name: `pid ${pid} (${comm}) maps`, sizeKiB: rssShmemKiB });
    if (vmPteKiB > 0) pageTables.push({ kind: 'page_tables', name: `of pid ${pid} (${comm})`, sizeKiB: vmPteKiB });
  }
  return { shared, pageTables };
};
