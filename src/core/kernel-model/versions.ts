/** The kernels that can be asked, and which of them answers for a release that is not among them. */
import { HISTORY, type KernelBehaviour, LINUX_4_5, PATCHED, type PatchNumber } from './behaviour.ts';

/** Releases in which the choice changed, and those that were read beside (5.10, 6.1, 6.12 and 7.2 in guests too). */
export const KERNEL_VERSIONS = [
  '4.5',
  '4.5+patches',
  '4.6',
  '4.7',
  '4.8',
  '4.9',
  '5.1',
  '5.3',
  '5.9',
  '5.10',
  '6.1',
  '6.12',
  '7.2',
] as const;
export type KernelVersion = (typeof KERNEL_VERSIONS)[number];

export const PATCHES: readonly PatchNumber[] = [1, 2, 3, 4, 5, 6];

/** `behaviour` with the given patches of the series applied. */
export const withPatches = (behaviour: KernelBehaviour, patches: readonly PatchNumber[]): KernelBehaviour =>
  Object.assign({}, behaviour, ...patches.map((patch) => PATCHED[patch]));

/** Comparable: 4.10 is newer than 4.9. */
const ordinal = (release: string): number => {
  const [major, minor] = release.split('.');
  return Number(major) * 1000 + Number(minor);
};

const behaviourAt = (version: KernelVersion): KernelBehaviour => {
  if (version === '4.5+patches') return withPatches(LINUX_4_5, PATCHES);
  const changes = HISTORY.filter(({ since }) => ordinal(since) <= ordinal(version));
  return Object.assign({}, LINUX_4_5, ...changes.map(({ sets }) => sets));
};

const BEHAVIOURS = new Map<KernelVersion, KernelBehaviour>(
  KERNEL_VERSIONS.map((version) => [version, behaviourAt(version)]),
);

export const behaviourOf = (version: KernelVersion): KernelBehaviour => BEHAVIOURS.get(version) as KernelBehaviour;

/** The newest that is not newer than the release; the oldest for what is older still. */
export const nearestVersion = (major: number, minor: number): KernelVersion => {
  const wanted = major * 1000 + minor;
  let nearest: KernelVersion = '4.5';
  for (const version of KERNEL_VERSIONS) {
    if (version !== '4.5+patches' && ordinal(version) <= wanted) nearest = version;
  }
  return nearest;
};
