/**
 * /proc/PID/mountinfo (fs/proc_namespace.c, show_mountinfo), one record a mount:
 *
 *     21 1 0:19 / /proc rw,relatime shared:5 - proc proc rw,gid=7,hidepid=invisible
 *     id parent major:minor root point options [optional fields] - type source super-options
 *
 * Blanks, newlines, backslashes and '#' in paths are octal. A later mount on the same point covers the earlier one.
 */
import { faultInText, type ParseFault } from './parse-fault.ts';

export interface Mount {
  /** Of the mount, unique on the host while it is there; fdinfo of open files names it (mnt_id). */
  readonly id: number;
  /** major:minor of the file system. */
  readonly device: string;
  /** What of the file system is mounted: "/" is all of it. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** Of the mount ("ro" here makes this view read-only) and of the file system ("hidepid=invisible"). */
  readonly options: readonly string[];
}

/** "a\040b" as "a b". */
export const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-3][0-7]{2})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Adds the mounts to `out`. Read at start only, so as text. */
export const parseMountinfo = (text: string, out: Mount[]): ParseFault | null => {
  const lines = text.split('\n');
  if (lines.pop() !== '') return faultInText('self/mountinfo', 'last line', lines.at(-1) ?? '');
  for (const line of lines) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [device, root, point] = [fields[2], fields[3], fields[4]];
    const [type, source, superOptions] = [fields[dash + 1], fields[dash + 2], fields[dash + 3]];
    if (
      dash === -1 ||
      device === undefined ||
      root === undefined ||
      point === undefined ||
      type === undefined ||
      source === undefined ||
      superOptions === undefined
    ) {
      return faultInText('self/mountinfo', 'mount', line);
    }
    const options = `${fields[5]},${superOptions}`.split(',');
    out.push({
      ...{ id: Number(fields[0]), device, root: unescapeOctal(root), point: unescapeOctal(point), type },
      ...{ source: unescapeOctal(source), options },
    });
  }
  return null;
};

/** The mount that is seen at `point`, or undefined. */
export const mountAt = (mounts: readonly Mount[], point: string): Mount | undefined =>
  mounts.findLast((mount) => mount.point === point);
