/**
 * Records of the kernel name threads: "Killed process N" may be the number of the thread that still had the mm
 * (kernel-facts 4.1). /proc has every thread, listed or not, and its status says of which process it is.
 */
import { emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';

export interface StatusIo {
  openReadOnly(path: string): number;
  preadAt0(fd: number, buffer: Uint8Array, length: number): number;
  close(fd: number): number;
}

const buffer = new Uint8Array(65_536);
const status = emptyPidStatus();

/** The process of a thread. One that has gone keeps its number: most records name the leader anyway. */
export const processOf = (io: StatusIo, procRoot: string, tid: number): number => {
  const fd = io.openReadOnly(`${procRoot}/${tid}/status`);
  if (fd < 0) return tid;
  const length = io.preadAt0(fd, buffer, buffer.length);
  io.close(fd);
  const isRead = length > 0 && parsePidStatus(buffer, length, status) === null;
  return isRead && status.tgid > 0 ? status.tgid : tid;
};
