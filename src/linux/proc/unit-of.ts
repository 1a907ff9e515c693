/**
 * The systemd unit of a cgroup path, by the rules of cg_path_get_unit() in systemd's src/basic/cgroup-util.c (v257):
 * slices at the front are skipped, and the next component is the unit, or there is none. What comes behind it was
 * delegated to the unit, so its owner names it: a user may call a cgroup "ssh.service" under user@1000.service, a
 * container has its whole system.slice under docker-ID.scope. Neither becomes the host's ssh.service.
 */

const UNIT_TYPES = 'service|socket|target|device|mount|automount|swap|timer|path|slice|scope';
/** unit_name_is_valid() for plain names and instances; a template ("getty@.service") is no running unit. */
const UNIT = new RegExp(`^(?:[A-Za-z0-9:_.\\\\-]+(?:@[A-Za-z0-9:_.\\\\@-]+)?)\\.(?:${UNIT_TYPES})$`);
const SLICE = /^[A-Za-z0-9:_.\\-]+\.slice$/;
/** UNIT_NAME_MAX of src/basic/unit-name.h counts the NUL. */
const NAME_LIMIT = 255;

/** cg_unescape(): systemd puts "_" before a name that the kernel could take for one of its own files. */
const unescapeName = (component: string): string => (component.startsWith('_') ? component.slice(1) : component);

const isUnit = (name: string): boolean => name.length <= NAME_LIMIT && UNIT.test(name);
const isSlice = (name: string): boolean => name.length <= NAME_LIMIT && SLICE.test(name);

/** "/system.slice/ssh.service/x" gives "ssh.service"; "" when the path has no unit at its front. */
export const unitOf = (path: string): string => {
  const components = path.split('/').filter((component) => component !== '');
  // Seen from inside a cgroup namespace the slices and the unit are hidden behind "..": what is left proves nothing.
  if (components.includes('..')) return '';
  const first = components.map(unescapeName).find((name) => !isSlice(name));
  return first !== undefined && first.length >= 3 && isUnit(first) && !first.endsWith('.slice') ? first : '';
};
