/**
 * What of an event may stand in a command that somebody types at night: one word to a shell and no option. Cgroups have the
 * names that their owners gave them, and not every "sshd.service" is the host's.
 */

/** Longer ones are shortened in sentences, and half a path leads elsewhere. */
const PATH_LIMIT = 200;

const UNIT = /^\w[\w@.:-]*\.(?:service|scope|slice)$/;
const PATH = /^(?:\/\w[\w@.:-]*)+$/;
/**
 * Only slices stand before a unit of the host; what is behind a unit was delegated to its owner (cg_path_get_unit() of
 * systemd, as in linux/proc/unit-of.ts). systemd puts "_" before a name that the kernel could take for a file of its own.
 */
const OF_HOST = /^(?:\/[A-Za-z0-9][\w.:-]*\.slice)*\/([A-Za-z0-9][^/]*)$/;

export const isPlainUnit = (unit: string): boolean => UNIT.test(unit);

/** "/system.slice/db.service", below /sys/fs/cgroup. */
export const isPlainPath = (path: string): boolean => path.length <= PATH_LIMIT && PATH.test(path);

/** The unit of the host that has this cgroup for its own; undefined: it is none, or no plain word. */
export const unitAt = (path: string): string | undefined => {
  const unit = OF_HOST.exec(path)?.[1];
  return unit !== undefined && isPlainUnit(unit) ? unit : undefined;
};
