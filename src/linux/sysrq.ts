/**
 * SysRq by hand: a key written to /proc/sysrq-trigger (Documentation/admin-guide/sysrq.rst). Root may write whatever
 * kernel.sysrq says, which is for the keyboard; only the first byte counts (drivers/tty/sysrq.c, until 6.11). The write of f
 * and s queues work and does not wait for it; w and m print in the writer's context, b and c do not return.
 */
import { write as writeOffLoop } from 'node:fs';
import { close, openWriteOnly, write } from './sys/libc.ts';

/** f: the kernel's OOM killer. s: emergency sync. b: restart at once. c: crash. */
export type SysrqKey = 'f' | 's' | 'b' | 'c';

export interface Sysrq {
  /** Presses one key, or in a dry run only tells whether it could; 0 or the errno. */
  press(key: SysrqKey, dryRun: boolean): number;
  /** Presses keys that print ("wm"), one after the other on a thread of the pool: with a serial console it takes long. */
  print(keys: string): void;
  /** Such a key has not come to its end. */
  isPrinting(): boolean;
  close(): void;
}

const EBADF = 9;

const KEYS: Readonly<Record<SysrqKey, Uint8Array>> = {
  f: Uint8Array.of(0x66),
  s: Uint8Array.of(0x73),
  b: Uint8Array.of(0x62),
  c: Uint8Array.of(0x63),
};

/** Opens `path` now: under memory pressure open(2) allocates. Without it every press answers the errno of the open. */
export const createSysrq = (path: string): Sysrq => {
  let fd = openWriteOnly(path);
  let printing = 0;
  const print = (keys: string): void => {
    if (fd < 0 || keys === '') return;
    printing++;
    writeOffLoop(fd, keys.slice(0, 1), () => {
      // Also when it failed: the next key may do.
      printing--;
      print(keys.slice(1));
    });
  };
  return {
    press: (key, dryRun) => {
      if (fd < 0) return -fd;
      return dryRun ? 0 : Math.max(0, -write(fd, KEYS[key], 1));
    },
    print,
    isPrinting: () => printing > 0,
    close: () => {
      if (fd >= 0) close(fd);
      fd = -EBADF;
    },
  };
};
