/** Reads a file that somebody else names or has written: no pipe, no device, and no more than there is room for. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Why a file is not read though it could be opened. */
export class UnfitFile extends Error {
  readonly why: 'no_file' | 'too_large';
  constructor(why: UnfitFile['why'], limit: number) {
    super(why === 'no_file' ? 'it is no regular file' : `it is larger than ${limit} bytes`);
    this.why = why;
  }
}

export interface SmallFileOptions {
  /** Links are not followed: whoever may write to the directory could lead elsewhere by one. */
  readonly isOwnDirectory?: boolean;
  /** A larger one is read up to the limit, and is none too many. */
  readonly isCut?: boolean;
}

/** Its first `limit` bytes and its mode. Rejects with the error of the file system, or with UnfitFile. */
export const readSmallFile = async (
  path: string,
  limit: number,
  { isOwnDirectory = false, isCut = false }: SmallFileOptions = {},
): Promise<{ readonly text: string; readonly mode: number }> => {
  // Opening a pipe for reading would wait for a writer, and hold a thread of the pool as long (fifo(7)).
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (isOwnDirectory ? constants.O_NOFOLLOW : 0);
  const handle = await open(path, flags);
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new UnfitFile('no_file', limit);
    if (!isCut && facts.size > limit) throw new UnfitFile('too_large', limit);
    const buffer = Buffer.alloc(Math.min(facts.size, limit));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), mode: facts.mode };
  } finally {
    await handle.close();
  }
};
