/** Victims for tests: killed at 0 ms, 1 GiB expected, still there. */
import type { ProcessFacts } from '../../../src/core/event.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import type { Victim } from '../../../src/core/victim.ts';

export const someFacts = (differences: Partial<ProcessFacts> = {}): ProcessFacts => ({
  pid: 1000,
  comm: 'leak',
  startTimeTicks: 500,
  uid: 1000,
  unit: 'leak.service',
  exe: '/usr/bin/leak',
  rssKiB: GIB,
  swapKiB: 0,
  pageTablesKiB: 0,
  oomScoreAdj: 0,
  badnessPages: GIB / 4,
  ...differences,
});

export const aVictim = (differences: Partial<Victim> = {}): Victim => ({
  slot: 0,
  facts: someFacts(),
  signal: 'KILL',
  signalledMs: 0,
  firstSignalMs: 0,
  simulated: false,
  expectedKiB: GIB,
  baselineKiB: GIB,
  exitedMs: ABSENT,
  freedMs: differences.exitedMs ?? ABSENT,
  company: [],
  wholePath: '',
  checkpoint: 0,
  verdict: null,
  ...differences,
});
