/** Where the kernel's files are. A value, so that tests (and a container with the host's /proc mounted elsewhere) can hand in another place. */
export interface Roots {
  readonly proc: string;
  readonly sys: string;
  /** Mount point of cgroup v2, or of the tmpfs over the v1 hierarchies. */
  readonly cgroup: string;
  readonly kmsg: string;
}

export const REAL_ROOTS: Roots = {
  proc: '/proc',
  sys: '/sys',
  cgroup: '/sys/fs/cgroup',
  kmsg: '/dev/kmsg',
};
