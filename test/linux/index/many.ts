/** A fake kernel with many processes, and an index over it that arms eight of them. */
import { oomScoreOf } from '../../../src/core/select/badness.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { createFakeKernel, FAKE_ROOT, type FakeKernel } from './fake-kernel.ts';
import { indexOn, type TestIndex, type TestIndexOptions } from './index-on.ts';

/** Each larger than the one before, with the oom_score that the kernel would give it. */
export const many = (count: number): FakeProcess[] =>
  Array.from({ length: count }, (_, at) => {
    const rssKiB = 40_000 * ((at % 100) + 1);
    const oomScore = oomScoreOf(rssKiB / 4 + 12, 2_000_000);
    return { pid: 100 + at, uid: 1000 + at, comm: `p${at}`, rssKiB, oomScore };
  });

export const indexOfMany = (
  processes: readonly FakeProcess[],
  options: TestIndexOptions = {},
): { kernel: FakeKernel; index: TestIndex } => {
  const kernel = createFakeKernel(processes);
  const index = indexOn(kernel, { env: { procRoot: FAKE_ROOT }, capacity: 4096, chosen: 8, ...options });
  return { kernel, index };
};

export const armedPids = (kernel: FakeKernel, index: TestIndex): number[] =>
  [...kernel.lives.keys()].filter((pid) => index.flagsOf(pid).includes('ARMED'));
