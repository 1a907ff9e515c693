/**
 * The one definition of the configuration: keys, defaults with their reasons, descriptions. The shipped file, the JSON
 * schema for editors and every check are made from it.
 */
import type * as z from 'zod';
import type { Users } from './passwd.ts';
import { act } from './schema/act.ts';
import { cgroups } from './schema/cgroups.ts';
import { control } from './schema/control.ts';
import { detect, pace } from './schema/detect.ts';
import { choice, map, setting } from './schema/field.ts';
import { remedies } from './schema/remedies.ts';
import { report } from './schema/report.ts';
import { createSelect } from './schema/select.ts';
import { stall } from './schema/stall.ts';

/** A function of the users, because a name that does not exist is an error at its place like any other. */
export const createSchema = (users: Users) =>
  map({
    mode: setting(
      choice(['observe', 'enforce']),
      'observe',
      '"observe" does everything but the last system call and logs whom it would have killed; "enforce" kills.',
      'read a few weeks of decisions before you let it act.',
    ),
    cgroups,
    detect,
    stall,
    pace,
    select: createSelect(users),
    act,
    remedies,
    report,
    control,
  });

export type Settings = z.output<ReturnType<typeof createSchema>>;

/** For uses of the schema that resolve no names. */
export const NO_USERS: Users = { file: '/etc/passwd', fault: '', byName: new Map() };
