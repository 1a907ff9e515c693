/**
 * Thaws a frozen file system by ioctl FITHAW (fs/ioctl.c, ioctl_fsthaw), which goes to the file system of any open file
 * and needs CAP_SYS_ADMIN. It is reached through the victim's own descriptor, the very one that its call works on: no path
 * is walked, so what a user has mounted over it, or another mount namespace, cannot lead elsewhere.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Remedy } from '../../core/remedy.ts';
import { mountIdOf } from '../proc/pid-syscall.ts';
import { mountOfCall, mountsOf } from '../victims/held-up-by.ts';
import { type Attempt, changed, errnoOf, type Means, refused, textOf } from './attempt.ts';

const EINVAL = 22;

/** Opens what a link of /proc/PID/fd leads to, for reading; a device, FIFO or socket is not opened: that could act. */
const reopen = async (link: string): Promise<FileHandle | null> => {
  const kind = await stat(link);
  if (!kind.isFile() && !kind.isDirectory()) return null;
  return open(link, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
};

const thawOpen = async (file: FileHandle, id: number, { object, place, dryRun }: Remedy, means: Means) => {
  const isSame = mountIdOf((await textOf(`${means.roots.proc}/self/fdinfo/${file.fd}`)) ?? '') === id;
  if (!isSame) return changed('the descriptor leads to another mount by now');
  const detail = `${object} at ${place}`;
  const errno = dryRun ? 0 : -(await means.thaw(file.fd));
  if (errno === EINVAL) return changed('the file system is not frozen any more');
  if (errno !== 0) return refused(errno, 'frozen', detail);
  return { result: dryRun ? 'observed' : 'done', errno: 0, oldValue: 'frozen', newValue: 'thawed', detail } as const;
};

export const thawFileSystem = async (remedy: Remedy, means: Means): Promise<Attempt> => {
  const around = { roots: means.roots, read: textOf };
  const task = `${means.roots.proc}/${remedy.pid}/task/${remedy.tid}`;
  const call = await mountOfCall(around, task, await mountsOf(around, task));
  if (call === null || call.mount.device !== remedy.object) return changed('the thread is in another call by now');
  try {
    const file = await reopen(`${task}/fd/${call.fd}`);
    if (file === null) return changed('its descriptor is no file');
    try {
      return await thawOpen(file, call.mount.id, remedy, means);
    } finally {
      await file.close();
    }
  } catch (error) {
    return refused(errnoOf(error), '', `${task}/fd/${call.fd}`);
  }
};
