/**
 * Criteria of rules. A glob has * (anything but a slash), ** (anything) and ? (one character but a slash); there is
 * nothing to escape, because unit names contain backslashes themselves ("dev-disk-by\x2duuid.swap").
 */
import * as z from 'zod';
import { nearest } from '../nearest.ts';
import { MAX_UID, type Users } from '../passwd.ts';
import { expected, shown } from './field.ts';

/** '' when the pattern can match something, otherwise why it cannot and what to write. */
type Check = (pattern: string) => string;

/** Types of units that own processes, systemd.unit(5); slices only group them. */
const UNIT_SUFFIX = /\.(service|scope|mount|swap|socket)$/;
/** TASK_COMM_LEN 16 of the kernel, less the NUL. */
const COMM_BYTES = 15;

export const checkUnit: Check = (pattern) => {
  if (pattern.includes('/')) return 'a unit name has no slash; match the path with cgroup';
  if (pattern.endsWith('.slice'))
    return `a slice is no unit of a process; match its path, as in cgroup: "/${pattern}/**"`;
  if (UNIT_SUFFIX.test(pattern) || pattern.endsWith('*')) return '';
  return `no unit is called that; write "${pattern}.service", or "${pattern}*" for all that begin so`;
};

/** Protecting and limiting need a path that begins outside of what users can create. */
const checkPath =
  (anchored: boolean): Check =>
  (pattern) => {
    if (!pattern.startsWith('/') && !pattern.startsWith('**')) return 'write the full path, beginning with "/"';
    if (anchored && !/^\/[^*?/]/.test(pattern)) {
      return 'begin with a directory by name; any user can make a file or group of this name somewhere';
    }
    return '';
  };

const checkComm: Check = (pattern) => {
  if (pattern.includes('*') || Buffer.byteLength(pattern) <= COMM_BYTES) return '';
  const cut = Buffer.from(pattern).subarray(0, COMM_BYTES).toString('latin1');
  return `the kernel keeps ${COMM_BYTES} bytes of a command name; write "${cut}"`;
};

const globs = (check: Check, example: string, description: string) =>
  z
    .union([z.string(), z.array(z.string())], {
      error: expected(`a text or a list of texts such as ${example}`),
    })
    .transform((value, context) => {
      const patterns = typeof value === 'string' ? [value] : value;
      if (patterns.length === 0) context.addIssue({ code: 'custom', message: 'the list is empty; leave the key out' });
      patterns.forEach((pattern, index) => {
        const why = pattern === '' ? 'it is empty' : check(pattern);
        const path = typeof value === 'string' ? [] : [index];
        if (why !== '') context.addIssue({ code: 'custom', path, message: `${shown(pattern)} cannot be used: ${why}` });
      });
      return patterns;
    })
    .optional()
    .meta({ description });

export const unit = globs(
  checkUnit,
  '"postgresql@*.service"',
  'Glob of the system unit that the process runs in, the outermost one: a service of a user manager counts as user@UID.service, one inside a container as the unit of the container.',
);

export const cgroup = (anchored: boolean) =>
  globs(
    checkPath(anchored),
    '"/kubepods.slice/**"',
    'Glob of the control group path as in /proc/PID/cgroup (v2, or the systemd hierarchy of v1).',
  );

export const exe = (anchored: boolean) =>
  globs(
    checkPath(anchored),
    '"/usr/lib/postgresql/*/bin/postgres"',
    'Glob of the program file, the target of /proc/PID/exe. A file of the same path inside a container is another file and does not match.',
  );

export const comm = globs(
  checkComm,
  '"chrome"',
  'Glob of the command name (first 15 bytes). Any process can set its own, so it only prefers and avoids.',
);

/** One user or several, by name or uid, to uids. */
export const user = (users: Users) => {
  const error = expected('a user name, a uid or a list of them');
  const one = z.union([z.string(), z.int({ error }).gte(0, { error }).lte(MAX_UID, { error })], { error });
  return z
    .union([one, z.array(one)], { error })
    .transform((value, context) => {
      const given = Array.isArray(value) ? value : [value];
      if (given.length === 0) context.addIssue({ code: 'custom', message: 'the list is empty; leave the key out' });
      return given.flatMap((entry, index) => {
        const found = findUser(entry, users);
        if (typeof found === 'number') return [found];
        context.addIssue({ code: 'custom', path: Array.isArray(value) ? [index] : [], message: found });
        return [];
      });
    })
    .optional()
    .meta({ description: 'User that the process runs as, by name (looked up in /etc/passwd) or uid.' });
};

/** The uid, or what is wrong with the name. */
export const findUser = (entry: string | number, users: Users): number | string => {
  if (typeof entry === 'number') return entry;
  const uid = users.byName.get(entry)?.uid;
  if (uid !== undefined) return uid;
  if (/^\d{1,10}$/.test(entry) && Number(entry) <= MAX_UID) return Number(entry);
  if (users.fault !== '') return `cannot look up ${shown(entry)}: ${users.fault}; give the uid`;
  const close = nearest(entry, users.byName.keys());
  const hint = close === '' ? '' : `did you mean "${close}"? `;
  return `unknown user ${shown(entry)} in ${users.file}; ${hint}Give the uid ("id -u") of an account that comes from a directory service`;
};
