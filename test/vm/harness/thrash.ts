// File-page thrash, made the same way in every case: a hog takes memory until the page cache that is left is smaller
// than what 32 threads of services map. Sizes follow from what the guest has left, whatever else runs in it.
import { calmProbeUs, HANG_US, type Judgement, type Probe, usableAtUs } from './judge.ts';
import type { Scene, Workload } from './scene.ts';

export interface Thrash {
  workloads: Workload[];
  /** When the second of the two begins, which makes it a thrash. */
  startsMs: number;
}

/** The probe has calmed down by then, having read what it needs. */
export const CALM_MS = 5000;
export const SECOND_MS = CALM_MS + 4000;
export const THREADS = 32;
/** How much more the services map than the page cache can hold. */
const EXCESS_MIB = 26;

/**
 * MemAvailable stays at more than a quarter of RAM, all of it page cache: the hog comes first and is calm, then the
 * services, whose mapped files are a little larger than what is left.
 */
export async function quarterThrash(scene: Scene): Promise<Thrash> {
  const leave = Math.round((await scene.totalMiB()) * 0.285);
  return {
    startsMs: SECOND_MS,
    workloads: [
      { name: 'hog', atMs: CALM_MS, command: `exec leak target=${(await scene.availableMiB()) - leave}` },
      { name: 'services', atMs: SECOND_MS, command: `exec thrash threads=${THREADS} mib=${leave + EXCESS_MIB}` },
    ],
  };
}

/** The services run well until the hog takes nearly everything: MemAvailable ends at 7 %, under the mark. */
export async function lowThrash(scene: Scene): Promise<Thrash> {
  const leave = Math.round((await scene.totalMiB()) * 0.07);
  return {
    startsMs: SECOND_MS,
    workloads: [
      { name: 'services', atMs: CALM_MS, command: `exec thrash threads=${THREADS} mib=${leave + EXCESS_MIB}` },
      { name: 'hog', atMs: SECOND_MS, command: `exec leak target=${(await scene.availableMiB()) - leave}` },
    ],
  };
}

/** How long a hang is watched that nobody ends: half a minute shows it, who measures for the docs wants the minute. */
export const HANG_S = process.env['OOMWATCHD_FIGURES'] === undefined ? 30 : 60;

/** With the hog dead, this long shows whether it is over. */
export const PROOF = { name: 'hog', afterMs: 8000 };

export interface Suffering {
  calmMs: number;
  /** Begin of the first hang: of a probe over a second, or of two in a row that took more than three times calm. */
  onsetUs: number | undefined;
  /**
   * From onset to the end of the first of three quick probes in a row, which are looked for after the last death of a
   * workload, if one died: a lucky second before is no rescue. 0 without a hang, Infinity when never.
   */
  usableAfterMs: number;
  /** Share of the time since onset that was spent in slow probes: one lucky second ends no hang. */
  slowShare: number;
  /** The longest probe that began after that: a second hang would show here. */
  worstLaterMs: number;
  worstMs: number;
}

const toMs = (us: number): number => Math.round(us / 1000);
const took = (probe: Probe | undefined): number => (probe ? probe.endUs - probe.beginUs : 0);
const worst = (probes: Probe[]): number => toMs(Math.max(0, ...probes.map(took)));

/** How it was for the administrator. */
export function suffering(seen: Judgement, thrash: Thrash): Suffering {
  const startUs = (seen.memory[0]?.us ?? 0) + thrash.startsMs * 1000;
  const calmUs = calmProbeUs(seen, startUs);
  const after = seen.probes.filter((probe) => probe.beginUs >= startUs);
  const isSlow = (probe: Probe | undefined): boolean => took(probe) > 3 * calmUs;
  const onset = after.find((probe, i) => took(probe) > HANG_US || (isSlow(probe) && isSlow(after[i + 1])));
  const answer = { calmMs: toMs(calmUs), onsetUs: onset?.beginUs, slowShare: 0, worstMs: worst(after) };
  if (!onset) return { ...answer, usableAfterMs: 0, worstLaterMs: worst(after) };
  const lastDeathUs = Math.max(0, ...seen.runs.map(({ diedUs }) => diedUs));
  const usable = usableAtUs(seen, Math.max(onset.beginUs, lastDeathUs), 3 * calmUs) ?? Number.POSITIVE_INFINITY;
  const later = after.filter((probe) => probe.beginUs > usable);
  const endUs = seen.memory.at(-1)?.us ?? 0;
  const spent = (probe: Probe): number => Math.min(probe.endUs, endUs) - probe.beginUs;
  const slowUs = after
    .filter((probe) => probe.beginUs >= onset.beginUs && isSlow(probe))
    .reduce((sum, probe) => sum + spent(probe), 0);
  answer.slowShare = slowUs / (endUs - onset.beginUs);
  return { ...answer, usableAfterMs: toMs(usable - onset.beginUs), worstLaterMs: worst(later) };
}
