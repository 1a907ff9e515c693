/** Who has memory that no process returns by its death: found off the loop while memory is short, largest first. */

export const HOLDER_KINDS = [
  'tmpfs',
  'sysv_segment',
  'memfd',
  'slab_cache',
  'hugetlb',
  'arc',
  'page_tables',
  'unaccounted',
  'cgroup',
  'process',
] as const;
export type HolderKind = (typeof HOLDER_KINDS)[number];

export interface Holder {
  readonly kind: HolderKind;
  /** "/dev/shm", "shmid 32769 of uid 26", "pid 4711 (java) memfd:heap", "dentry"; not trusted: processes choose parts of it. */
  readonly name: string;
  readonly sizeKiB: number;
}
