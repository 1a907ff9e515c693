/**
 * SysRq-f, the kernel's own OOM kill by hand: "f" written to /proc/sysrq-trigger (Documentation/admin-guide/sysrq.rst).
 * The write only queues the work (drivers/tty/sysrq.c, sysrq_handle_moom), it does not wait for the kill. Root may
 * write whatever kernel.sysrq says, which is for the keyboard.
 */
import { close, openWriteOnly, write } from './sys/libc.ts';

export interface Sysrq {
  /** Presses f, or in a dry run only tells whether it could; 0 or the errno. */
  pressF(dryRun: boolean): number;
  close(): void;
}

const EBADF = 9;
const F = Uint8Array.of(0x66);

/** Opens `path` now: under memory pressure open(2) allocates. Without it every press answers the errno of the open. */
export const createSysrq = (path: string): Sysrq => {
  let fd = openWriteOnly(path);
  return {
    pressF: (dryRun) => {
      if (fd < 0) return -fd;
      return dryRun ? 0 : Math.max(0, -write(fd, F, F.length));
    },
    close: () => {
      if (fd >= 0) close(fd);
      fd = -EBADF;
    },
  };
};
