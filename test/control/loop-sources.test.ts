/** What the loop tells of the files that it reads. */
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { createMachine, type Program } from '../core/support/machine.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createRig } from './support/ports.ts';

const ENFORCE = defaultPolicy(
  'mode: enforce\ndetect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }',
);

const host = (...programs: Program[]) => createMachine({ totalKiB: 8 * GIB, programs });

describe('sources', () => {
  it('are told once when they go and once when they come back', () => {
    const rig = createRig(host(), ENFORCE);
    const source = rig.sources[0] as (typeof rig.sources)[number];
    rig.run(3000);
    Object.assign(source, { isUp: false, detail: 'EACCES', isNews: true });
    rig.run(3000);
    Object.assign(source, { isUp: true, detail: '', isNews: true });
    rig.run(3000);
    expect(rig.events.filter(({ kind }) => kind === 'source')).toEqual([
      { kind: 'source', name: 'meminfo', up: false, fault: true, detail: 'EACCES' },
      { kind: 'source', name: 'meminfo', up: true, fault: false, detail: '' },
    ]);
  });

  it('are a fault unless the host may lack them and never had them', () => {
    const rig = createRig(host(), ENFORCE);
    const source = rig.sources[0] as (typeof rig.sources)[number];
    for (const name of ['meminfo', 'pressure/io'])
      for (const hasBeenUp of [true, false]) {
        Object.assign(source, { name, hasBeenUp, isUp: false, isNews: true });
        rig.run(3000);
      }
    const told = rig.events.flatMap((event) => (event.kind === 'source' ? [`${event.name} ${event.fault}`] : []));
    expect(told).toEqual(['meminfo true', 'meminfo true', 'pressure/io true', 'pressure/io false']);
  });

  it('that are down are repaired in calm times only', () => {
    const machine = host({ comm: 'hog', rssKiB: 7 * GIB, term: 'ignored', kill: 'stuck' });
    const rig = createRig(machine, ENFORCE);
    Object.assign(rig.sources[0] as object, { isUp: false });
    rig.run(1000);
    expect(rig.log).toContain('repair');
    machine.start({ comm: 'small', rssKiB: 400 * MIB, term: 'ignored', kill: 'stuck' });
    rig.turnLate(0);
    rig.log.length = 0;
    rig.run(2000);
    expect(rig.state.level).toBe(LEVEL.TERM);
    expect(rig.log).not.toContain('repair');
  });
});
