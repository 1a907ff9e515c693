/**
 * /proc/sys/kernel/osrelease, what uname -r prints: "6.12.117+deb12-cloud-amd64", "7.2.13", "6.19-rc3".
 */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The numbers at its front, or null. */
export const parseOsrelease = (text: string): KernelVersion | null => {
  const [, major, minor, patch] = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(?:\D|$)/.exec(text) ?? [];
  return major === undefined ? null : { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
};

export const isAtLeast = (version: KernelVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);
