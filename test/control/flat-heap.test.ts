/** 100,000 turns on a machine in virtual time: what the loop keeps from turn to turn does not grow. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createLoop } from '../../src/control/loop.ts';
import type { Ports } from '../../src/control/ports.ts';
import { createPublisher } from '../../src/control/publisher.ts';
import type { Reaped } from '../../src/core/dying.ts';
import { createState } from '../../src/core/state.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { createMachine, type Machine } from '../core/support/machine.ts';
import { defaultPolicy } from '../support/policy.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const heapKiB = (): number => {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 1024;
};

const createTurns = (machine: Machine) => {
  const policy = defaultPolicy(`
mode: enforce
detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }
act: { kills_per_minute: 1000, kills_per_hour: 1000, term_timeout: 1s, victim_timeout: 1s }`);
  machine.apply(policy.select);
  const slow = { ownRssKiB: 0, known: 0, armed: 0, reporterRestarts: 0, lockedKiB: 0, standbyUp: 1 };
  const reaped: Reaped[] = [];
  let written = 0;
  const write = (_bytes: Uint8Array, length: number): number => {
    written++;
    // Full now and then.
    return written % 7 === 0 ? -11 : length;
  };
  const ports: Ports = {
    clock: { nowMs: machine.nowMs },
    sampler: { readBasics: machine.readBasics, readDetails: machine.readDetails, repair: () => undefined, sources: [] },
    index: {
      table: machine.table,
      refresh: () => true,
      scan: machine.scan,
      identify: () => undefined,
      descend: () => undefined,
    },
    executor: {
      ...{ signal: machine.signal, hasExited: machine.hasExited, sysrqF: machine.press },
      ...{ restore: () => null, evidence: () => undefined, lastResort: () => 0 },
    },
    kernelLog: { read: () => undefined },
    standby: { begin: () => false, take: () => undefined, end: () => undefined },
    remedies: { begin: () => undefined, take: () => undefined },
    watchers: { take: () => undefined },
    victims: {
      look: machine.look,
      reap: (dying) => void reaped.push(machine.reap(dying)),
      examine: () => undefined,
      take: (into) => void into.push(...reaped.splice(0)),
      enrol: () => -1,
    },
    publisher: createPublisher({ write, monotonicMs: machine.nowMs, timeMs: machine.nowMs }, slow),
    ownMajorFaults: () => 0,
    ticked: () => undefined,
  };
  const loop = createLoop(ports, createState(machine.table.capacity), policy);
  let dueMs = 0;
  return (count: number): number => {
    for (let turn = 0; turn < count; turn++) {
      const sleepMs = loop.turn(dueMs);
      dueMs = machine.nowMs() + sleepMs;
      machine.pass(sleepMs);
    }
    return written;
  };
};

it('keeps its heap flat over 100,000 turns of calm, leaks, stuck victims and stalls', () => {
  const machine = createMachine({
    totalKiB: 8 * GIB,
    programs: Array.from({ length: 30 }, (_, index) => ({ comm: `app-${index}`, rssKiB: 150 * MIB })),
  });
  const turns = createTurns(machine);
  const round = (index: number): void => {
    machine.strain(index % 3 === 0 ? { fullShare: 0.3, scanned: 10_000, restores: 50, usablePages: 50_000 } : null);
    machine.start({ comm: 'leak', rssKiB: GIB, grows: MIB, term: index % 2 === 0 ? 20 : 'ignored' });
    turns(1000);
  };
  // V8 compiles and collects type feedback for a good while: 300 KiB in all, most of it in the first rounds.
  for (let index = 0; index < 150; index++) round(index);
  const before = heapKiB();
  for (let index = 150; index < 250; index++) round(index);
  const growth = heapKiB() - before;
  expect(turns(1)).toBeGreaterThan(1000);
  expect(machine.alive()).toHaveLength(30);
  // Less than a byte a turn.
  expect(growth).toBeLessThan(96);
}, 120_000);
