/** Puts a file in the place of another at once or not at all: a reader sees the one or the other, never half of it. */
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Replacement {
  readonly path: string;
  /** In the same directory; nobody else uses that name. */
  readonly temporary: string;
  readonly text: string;
  /** Whatever umask(2) says. */
  readonly mode: number;
  /** It must be there after a crash of the host: file and directory are synced (fsync(2)). */
  readonly isDurable: boolean;
}

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync().finally(() => handle.close());
};

/** Rejects with the error of the file system; what was written so far is removed then, if that can be done. */
export const replaceFile = async ({ path, temporary, text, mode, isDurable }: Replacement): Promise<void> => {
  // A file of our own, whatever was left or put there: a pipe would hold a thread of the pool, a link lead elsewhere.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    await rm(temporary, { force: true });
    const handle = await open(temporary, flags, mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(text);
      if (isDurable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    if (isDurable) await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {
      // What keeps it from being written keeps it from being removed.
    });
    throw error;
  }
};
