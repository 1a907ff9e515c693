/** The path of a cgroup as /proc/PID/cgroup has it, before anything is opened by it. */

/**
 * Whether `path` names a cgroup below the root, and nothing else by any reading: no step up (a reader in another cgroup
 * namespace sees "/../x", cgroup_namespaces(7)), not one that has been removed ("/x (deleted)", kernfs_path).
 */
export const isCgroupPath = (path: string): boolean =>
  path.length > 1 &&
  path.startsWith('/') &&
  !path.endsWith(' (deleted)') &&
  !/[\0\n]/.test(path) &&
  path
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');

/** The cgroup itself and those above it, but for the root: "/a/b", "/a". */
export const withParents = (path: string): string[] => {
  const found: string[] = [];
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) found.push(at);
  return found;
};

/** The path in the hierarchy of the v1 freezer, "" when it is in none. */
export const freezerPathOf = (cgroup: string): string =>
  /^\d+:(?:[^:\n]*,)?freezer(?:,[^:\n]*)?:(.*)$/m.exec(cgroup)?.[1] ?? '';

/** The path in cgroup v2, "" when it is in none. */
export const unifiedPathOf = (cgroup: string): string => /^0::(.*)$/m.exec(cgroup)?.[1] ?? '';
