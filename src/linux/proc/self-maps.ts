/**
 * /proc/self/maps (fs/proc/task_mmu.c, show_map_vma), one record a mapping; a newline in the path is "\012":
 *
 *     start-end          perms offset  dev   inode                       path
 *     55c4ef5af000-55c4ef5b1000 r--p 00000000 fe:00 260386               /usr/bin/node
 *     7fff43df3000-7fff43e14000 rw-p 00000000 00:00 0                    [stack]
 *
 * Only for this process: reading another one's can wait for its mmap_lock for ever (kernel-facts 4.4).
 */
import { faultInText, type ParseFault } from './parse-fault.ts';

export interface FileMapping {
  /** Addresses: user space ends below 2^47 (2^52 on arm64 with 52-bit addresses), so they are exact as numbers. */
  readonly start: number;
  readonly end: number;
  /** "r-xp": private ("p") and writable ("w") ones have pages of their own where they were written. */
  readonly perms: string;
  readonly path: string;
}

const LINE = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+) *(.*)$/;

/** Adds the mappings that a file on a disk is behind: no anonymous memory, memfd, shared memory or device. */
export const parseSelfMaps = (text: string, out: FileMapping[]): ParseFault | null => {
  const lines = text.split('\n');
  if (lines.pop() !== '') return faultInText('self/maps', 'last line', lines.at(-1) ?? '');
  for (const line of lines) {
    const [, start, end, perms, inode, path] = LINE.exec(line) ?? [];
    if (start === undefined || end === undefined || perms === undefined || path === undefined) {
      return faultInText('self/maps', 'mapping', line);
    }
    if (inode === '0' || !path.startsWith('/') || /^\/(?:dev\/|memfd:|SYSV|anon_hugepage)/.test(path)) continue;
    out.push({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), perms, path });
  }
  return null;
};
