/**
 * /proc/PID/cgroup (kernel/cgroup/cgroup.c, proc_cgroup_show), one line a hierarchy, "id:controllers:path":
 *
 *     3:cpu,cpuacct:/system.slice/ssh.service
 *     1:name=systemd:/system.slice/ssh.service       v1 and hybrid: the tree that systemd keeps
 *     0::/system.slice/ssh.service                   v2
 *
 * A path can have colons but no newline (cgroup_mkdir refuses it). " (deleted)" follows when the cgroup is gone, and
 * "/.." leads when it is outside the reader's cgroup namespace.
 */
import { ABSENT } from '../../core/units.ts';
import { ascii, lineEnd, startsWith } from '../bytes.ts';
import type { CgroupMode } from './cgroup-mode.ts';

const UNIFIED = ascii('0::');
const SYSTEMD = ascii(':name=systemd:');
const COLON = 0x3a;
const DELETED = ' (deleted)';

// A path is compared with the policy's, which is UTF-8.
const decoder = new TextDecoder();

const pathOf = (buf: Uint8Array, from: number, end: number): string => {
  const path = decoder.decode(buf.subarray(from, end));
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
};

/** Where the path of the systemd hierarchy begins in the line, or ABSENT. */
const systemdPathAt = (buf: Uint8Array, from: number, end: number): number => {
  let i = from;
  while (i < end && buf[i] !== COLON) i++;
  return startsWith(buf, i, end, SYSTEMD) ? i + SYSTEMD.length : ABSENT;
};

/**
 * The path in the tree that systemd keeps, or "" when there is none or the text is cut off. On v2 only the "0::" line
 * counts: anybody's leftover v1 hierarchy called "systemd" (containers mount one) would put every process into "/".
 */
export const parsePidCgroup = (buf: Uint8Array, len: number, mode: CgroupMode): string => {
  let unified = '';
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return '';
    if (startsWith(buf, from, end, UNIFIED)) unified = pathOf(buf, from + UNIFIED.length, end);
    else if (mode !== 'v2') {
      const path = systemdPathAt(buf, from, end);
      if (path !== ABSENT) return pathOf(buf, path, end);
    }
    from = end + 1;
  }
  return unified;
};
