/** Which of the system calls that a kill needs work here, tried on this process itself. */
import type { SyscallSupport } from '../../linux/probe/kernel.ts';
import * as libc from '../../linux/sys/libc.ts';

const EINVAL = 22;

/** 0 where the call works, else -errno. A seccomp filter shows here as it would at the shot. */
export const syscallSupport = (): SyscallSupport => {
  const pidfd = libc.pidfdOpen(process.pid);
  if (pidfd < 0) return { pidfdOpen: pidfd, pidfdSendSignal: pidfd, processMrelease: pidfd, kcmp: pidfd };
  const signal = libc.pidfdSendSignal(pidfd, 0);
  // A process that is not dying is refused with EINVAL: the call is there.
  const mrelease = libc.processMrelease(pidfd);
  libc.close(pidfd);
  return {
    pidfdOpen: 0,
    pidfdSendSignal: signal,
    processMrelease: mrelease === -EINVAL ? 0 : mrelease,
    kcmp: libc.kcmpVm(process.pid, process.pid),
  };
};
