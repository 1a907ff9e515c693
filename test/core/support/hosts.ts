/** The host of the scenarios: 8 GiB, ten services that nobody may lose, and whoever causes the trouble. */
import type { Policy } from '../../../src/core/policy.ts';
import { GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { createMachine, type Hardware, type Machine, type Program } from './machine.ts';

/** Ten services of 200 MiB. */
export const innocents: Program[] = Array.from({ length: 10 }, (_, index) => ({
  comm: `app-${index}`,
  rssKiB: 200 * MIB,
}));

export const host = (programs: readonly Program[], hardware: Partial<Hardware> = {}): Machine =>
  createMachine({ totalKiB: 8 * GIB, baseKiB: 512 * MIB, ...hardware, programs: [...innocents, ...programs] });

export const ENFORCE = 'mode: enforce\ndetect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }';
export const enforcing = (yaml = ''): Policy => defaultPolicy(`${ENFORCE}\n${yaml}`);

export const PER_SECOND = 1 / 1000;
