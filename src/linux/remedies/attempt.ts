/** What every remedy is made of: files that are looked at once more, and the one write, which may wait for ever. */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Remedied } from '../../core/remedy.ts';
import type { Roots } from '../root.ts';

export type Attempt = Omit<Remedied, 'serial'>;

export interface Means {
  readonly roots: Roots;
  /** ioctl(2) FITHAW of an open file on a thread of the pool; 0 or -errno. */
  thaw(fd: number): Promise<number>;
}

const EIO = 5;

export const errnoOf = (error: unknown): number => Math.abs((error as { errno?: number }).errno ?? EIO);

/** The text of a file, null when it cannot be read. */
export const textOf = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Gone with its cgroup, connection or process: what is not there cannot be verified.
    return null;
  }
};

/** A file of one value, without the newline at its end. */
export const lineOf = async (path: string): Promise<string | null> => (await textOf(path))?.trimEnd() ?? null;

const NOTHING = { errno: 0, oldValue: '', newValue: '', detail: '' } as const;

/** The object is not what it was when the remedy was decided: nothing is touched. */
export const changed = (detail: string): Attempt => ({ ...NOTHING, result: 'changed', detail });

export const refused = (errno: number, oldValue: string, detail: string): Attempt => ({
  ...{ ...NOTHING, result: 'refused', errno, oldValue, detail },
});

/**
 * Writes `text` to an existing file of the kernel, or in a dry run only opens it, which shows a missing permission or a
 * read-only mount; 0 or the errno. Never creates, never follows a link at the end of the path.
 */
export const writeTo = async (path: string, text: string, dryRun: boolean): Promise<number> => {
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      if (!dryRun) await file.write(text);
    } finally {
      await file.close();
    }
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
};

/** What one write came to. */
export const written = (
  errno: number,
  dryRun: boolean,
  values: Pick<Attempt, 'oldValue' | 'newValue'>,
  path: string,
): Attempt =>
  errno === 0
    ? { ...NOTHING, ...values, result: dryRun ? 'observed' : 'done', detail: path }
    : refused(errno, values.oldValue, path);
