/** Whose process it was: the user by name, and who among the configured owners is to be told. */
import { readFileSync, statSync } from 'node:fs';
import type { ProcessFacts } from '../../core/event.ts';
import { anyGlobMatches } from '../../core/glob.ts';
import type { NoticeOwner } from '../../core/notice-policy.ts';
import { printable } from '../printable.ts';
import type { Owner } from './notice-document.ts';

/** Some 10,000 accounts; larger ones come from a directory service, which is not asked. */
const PASSWD_BYTES = 1 << 20;

/** The name of a uid in a passwd file (passwd(5)), "" when there is none or it cannot be read. */
const userNameOf = (uid: number, passwdFile: string): string => {
  try {
    if (statSync(passwdFile).size > PASSWD_BYTES) return '';
    for (const line of readFileSync(passwdFile, 'utf8').split('\n')) {
      const [name = '', , number] = line.split(':');
      if (number === String(uid)) return printable(name);
    }
  } catch {
    // The uid is told all the same.
  }
  return '';
};

export const ownerOf = ({ uid, unit, pid, comm }: ProcessFacts, passwdFile: string): Owner => ({
  uid,
  user: userNameOf(uid, passwdFile),
  unit: printable(unit, 256),
  pid,
  comm: printable(comm),
});

/** Whether an entry is about this process: each criterion that it has must match. */
export const isOwner = ({ uids, unit }: NoticeOwner, victim: ProcessFacts): boolean =>
  (uids.length === 0 || uids.includes(victim.uid)) && (unit.length === 0 || anyGlobMatches(unit, victim.unit));
