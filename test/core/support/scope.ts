/** The scope of a choice for tests: everybody, from 64 MiB on. */
import type { Scope } from '../../../src/core/select/eligible.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';

export const SCOPE: Scope = {
  corrections: defaultPolicy().select.corrections,
  onlyPid: ABSENT,
  narrowed: false,
  minimumKiB: 64 * MIB,
  admitsUnidentified: false,
  isVictim: () => false,
  isRefused: () => false,
};
