// What the daemon said of livelocks, for the cases that are about it: whether anybody hung is judged from outside.
import { expect } from 'vitest';
import { expectFigure } from './outcome.ts';
import type { Scene } from './scene.ts';
import { type Told, told } from './select.ts';

const WITHIN_MS = 10_000;

const begun = (scene: Scene): Told[] => told(scene, 'livelock').filter(({ stage }) => stage !== 'ends');

const named = ({ class: found, cause }: Told): string => `${String(found)} ${String(cause)}`;

export const hasTold = (scene: Scene, verdict: string): boolean => begun(scene).map(named).includes(verdict);

/** It has told this class and cause, with what it saw. */
export function expectVerdict(scene: Scene, verdict: string): void {
  const said = begun(scene);
  expect(said.map(named)).toContain(verdict);
  for (const { evidence } of said) expect(evidence).not.toEqual([]);
}

/**
 * And that so long after the hang began: by the kernel log, whose clock is the judge's; the daemon's counts from its start. There
 * stands what a livelock began as, so one that was first taken for another does not count.
 */
export async function expectVerdictWithin(scene: Scene, verdict: string, onsetUs: number): Promise<void> {
  expectVerdict(scene, verdict);
  const line = `oomwatchd: livelock ${verdict.replace(' ', ': ')} `;
  const { stdout } = await scene.guest.sh(`dmesg | sed -n 's/^\\[ *\\([0-9.]*\\)\\] ${line}.*/\\1/p'`);
  const toldMs = Number(stdout.split('\n')[0]) * 1000;
  expect(toldMs, `"${line}" in the kernel log`).toBeGreaterThan(0);
  expectFigure(`milliseconds from onset to the verdict ${verdict}`, Math.round(toldMs - onsetUs / 1000), WITHIN_MS);
}

/** Nothing of the host; of cgroups these alone. */
export function expectNoVerdict(scene: Scene, ...ofCgroups: string[]): void {
  expect(begun(scene).filter(({ subject }) => !ofCgroups.includes(String(subject)))).toEqual([]);
}
