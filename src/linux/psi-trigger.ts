/**
 * A PSI trigger: the kernel wakes us when tasks have waited for memory for 150 ms within a second, so that sleeping long
 * in calm times costs no reaction time. Documentation/accounting/psi.rst; an event is only a reason to tick early.
 */
import { close, eventFd, openReadWrite, pollPriority, write } from './sys/libc.ts';

// The kernel overwrites the last byte with NUL, so one is sent (kernel-facts 4.9). 150 ms a second is lmkd's and the
// documentation's example; without CAP_SYS_RESOURCE the window must be a multiple of 2 s.
const TRIGGERS = ['some 150000 1000000\0', 'some 300000 2000000\0'];

export interface PsiTrigger {
  close(): void;
}

const openTrigger = (path: string): number => {
  let fd = -1;
  for (const trigger of TRIGGERS) {
    fd = openReadWrite(path);
    if (fd < 0) return fd;
    const bytes = Buffer.from(trigger, 'latin1');
    const written = write(fd, bytes, bytes.length);
    if (written > 0) return fd;
    close(fd);
    fd = written;
  }
  return fd;
};

/** Calls `onStall` at each event. Returns -errno when the kernel offers no trigger here. */
export const watchPsi = (path: string, onStall: () => void): PsiTrigger | number => {
  const fd = openTrigger(path);
  if (fd < 0) return fd;
  const wake = eventFd();
  if (wake < 0) {
    close(fd);
    return wake;
  }
  let open = true;
  /** Ends the poll: it runs on a thread of the pool, which Node joins at exit, so any exit would hang without this. */
  const wakeUp = (): void => {
    if (!open) return;
    open = false;
    write(wake, new Uint8Array(new BigUint64Array([1n]).buffer), 8);
  };
  const release = (): void => {
    // From here on these numbers may be somebody else's.
    open = false;
    process.off('exit', wakeUp);
    close(fd);
    close(wake);
  };
  const arm = (): void =>
    pollPriority(fd, wake, (verdict) => {
      if (!open || verdict !== 'event') {
        release();
        return;
      }
      onStall();
      arm();
    });
  process.on('exit', wakeUp);
  arm();
  return { close: wakeUp };
};
