/** Which corrections change what a kernel does with a table. */
import type { ProcessTable } from '../process-table.ts';
import { decide } from './as-kernel.ts';
import type { KernelBehaviour, PatchNumber } from './behaviour.ts';
import type { Decision, KernelContext } from './decision.ts';
import { withPatches } from './versions.ts';

export interface Difference {
  /** What the kernel does as it is, and with all six applied. */
  readonly kernel: Decision;
  readonly patched: Decision;
  /** Those that change something when they are applied one after the other. */
  readonly patches: readonly PatchNumber[];
}

/** As core/select asks them: of an origin first, and last about the wait. */
const ORDER: readonly PatchNumber[] = [4, 3, 1, 2, 5, 6];

export const differenceOf = (behaviour: KernelBehaviour, table: ProcessTable, context: KernelContext): Difference => {
  const kernel = decide(behaviour, table, context);
  const patches: PatchNumber[] = [];
  let patched = kernel;
  ORDER.forEach((patch, at) => {
    const next = decide(withPatches(behaviour, ORDER.slice(0, at + 1)), table, context);
    if (next.outcome !== patched.outcome || next.slot !== patched.slot) patches.push(patch);
    patched = next;
  });
  return { kernel, patched, patches };
};
