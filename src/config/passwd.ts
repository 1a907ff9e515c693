/**
 * User names -> ids, from the text of /etc/passwd (passwd(5)): name:password:uid:gid:comment:home:shell
 * Directory services (NSS) are not asked: the loader must give the same answer when the network is down.
 */
import { readFileSync } from 'node:fs';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface Users {
  /** The file asked, for error texts. */
  readonly file: string;
  /** Why the file could not be read, '' when it was. */
  readonly fault: string;
  readonly byName: ReadonlyMap<string, User>;
}

/** Largest id: (uid_t)-1 means "no id" to chown(2) and setreuid(2). */
export const MAX_UID = 0xffff_fffe;

/** Lines that are not of the form are skipped, as getpwent(3) does. The first of two equal names counts. */
export const parsePasswd = (text: string): Map<string, User> => {
  const byName = new Map<string, User>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (!name || !/^\d{1,10}$/.test(uid ?? '') || !/^\d{1,10}$/.test(gid ?? '') || byName.has(name)) continue;
    if (Number(uid) <= MAX_UID && Number(gid) <= MAX_UID) byName.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return byName;
};

/** Reads a passwd file; one that cannot be read knows nobody and says why when a name is asked for. */
export const readUsers = (file: string): Users => {
  try {
    return { file, fault: '', byName: parsePasswd(readFileSync(file, 'utf8')) };
  } catch (error) {
    return { file, fault: error instanceof Error ? error.message : String(error), byName: new Map() };
  }
};
