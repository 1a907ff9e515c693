/** Who has come since the last round of the index, and makes the shortage. */
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

describe('somebody whom nobody knows', () => {
  /** More than half of what goes: its size is no explanation, as it has always been that large. */
  const innocent: Program = { comm: 'innocent', rssKiB: 2800 * MIB };
  /** Started after the last round, it is all that has gone since calm. */
  const stranger = () => {
    const machine = host(innocent, { comm: 'stranger', rssKiB: 0, grows: (ms) => (ms > 3000 ? MIB : 0) });
    const { table } = machine;
    const slot = table.rows[1] as number;
    let isHidden = true;
    const rig = createRig(machine, ENFORCE, {
      refreshed: () => {
        if (rig.state.level >= LEVEL.TERM) isHidden = false;
        return true;
      },
    });
    // The table has the rows that the index has found: this one is the last.
    Object.defineProperty(table, 'count', { get: () => (isHidden ? 1 : 2), set: () => undefined });
    table.pid[slot] = 9000;
    return { rig, hidden: () => isHidden, strain: machine.strain };
  };

  it('is looked for before an innocent is shot', () => {
    const { rig, hidden } = stranger();
    rig.run(15_000);
    expect(hidden()).toBe(false);
    expect(rig.log.filter((line) => /^(?:TERM|KILL) /.test(line))[0]).toBe('TERM stranger');
    expect(rig.log.slice(0, rig.log.indexOf('TERM stranger'))).toContain('refresh 150');
  });

  it('is not looked for while tasks stall, as opening files would stall the loop', () => {
    const { rig, strain } = stranger();
    strain({ fullShare: 0.3, scanned: 0, restores: 0, usablePages: 400_000 });
    rig.run(15_000);
    expect(rig.log.some((line) => line.endsWith('innocent'))).toBe(true);
    expect(rig.log).not.toContain('refresh 150');
  });

  it('is not looked for while those who are known explain what has gone', () => {
    const rig = createRig(host({ comm: 'leak', rssKiB: 0, grows: (ms) => (ms > 3000 ? MIB : 0) }), ENFORCE);
    rig.run(15_000);
    expect(rig.log).toContain('TERM leak');
    expect(rig.log).not.toContain('refresh 150');
  });
});
