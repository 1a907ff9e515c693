/** Ports of the loop on a machine in virtual time, with a log of every call in the order in which it was made. */
import { createLoop, type Loop } from '../../../src/control/loop.ts';
import type { Ports } from '../../../src/control/ports.ts';
import type { Reaped } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import type { Policy } from '../../../src/core/policy.ts';
import type { Remedied } from '../../../src/core/remedy.ts';
import type { Rescue } from '../../../src/core/rescue.ts';
import { createState, type State } from '../../../src/core/state.ts';
import type { Machine } from '../../core/support/machine.ts';

export type Source = { name: string; isUp: boolean; hasBeenUp: boolean; detail: string; isNews: boolean };

export interface Rig {
  readonly loop: Loop;
  readonly state: State;
  /** "basics", "details", "repair", "refresh 2", "scan", "identify 3", "TERM leak", "publish level", "gauges", "ticked". */
  readonly log: string[];
  readonly events: OomwatchdEvent[];
  readonly sources: Source[];
  /** Turns as long as `ms` of virtual time pass. */
  run(ms: number): void;
  /** One turn, after a sleep that took `lateMs` longer than it should. */
  turnLate(lateMs: number): void;
}

export interface RigOptions {
  /** Whether the fake index says that its round is complete. */
  refreshed?: () => boolean;
  identify?: (slot: number) => void;
  /** In each turn before anything is read. */
  beforeReading?: () => void;
  ownMajorFaults?: () => number;
  /** What the kernel tells in a turn. */
  kernel?: () => KernelEvent[];
  /** What the standby process did since the last turn, and whether it is in the middle of a shot. */
  rescues?: () => Rescue[];
  isShooting?: () => boolean;
  /** What remedies came to in a turn. */
  remedied?: () => Remedied[];
  /** What comes of pressing SysRq-f, 0 when left out. */
  sysrqErrno?: number;
}

export const createRig = (machine: Machine, policy: Policy, options: RigOptions = {}): Rig => {
  const log: string[] = [];
  const events: OomwatchdEvent[] = [];
  const reaped: Reaped[] = [];
  const sources: Source[] = [{ name: 'meminfo', isUp: true, hasBeenUp: true, detail: '', isNews: false }];
  const state = createState(machine.table.capacity);
  machine.apply(policy.select);
  const note = (line: string): void => {
    log.push(line);
  };
  const ports: Ports = {
    clock: { nowMs: machine.nowMs },
    sampler: {
      readBasics: (sample) => {
        note('basics');
        options.beforeReading?.();
        machine.readBasics(sample);
      },
      readDetails: (sample) => {
        note('details');
        machine.readDetails(sample);
      },
      repair: () => note('repair'),
      sources,
    },
    index: {
      table: machine.table,
      refresh: (budgetMs) => {
        note(`refresh ${budgetMs}`);
        return options.refreshed?.() ?? true;
      },
      scan: () => {
        note('scan');
        machine.scan();
      },
      identify: (slot) => {
        note(`identify ${slot}`);
        options.identify?.(slot);
      },
      descend: (pids) => note(`descend ${pids.join(' ')}`),
    },
    executor: {
      signal: (intent) => {
        note(`${intent.signal} ${machine.table.comm[intent.slot]}`);
        return machine.signal(intent);
      },
      hasExited: machine.hasExited,
      sysrqF: (intent) => {
        note(intent.dryRun ? 'would press f' : 'press f');
        const errno = options.sysrqErrno ?? 0;
        return errno === 0 ? machine.press(intent) : { errno, steered: 0 };
      },
      restore: () => {
        note('restore');
        return { restored: 1, gone: 0, changed: 0, failed: [] };
      },
      evidence: (keys) => note(`press ${keys}`),
      lastResort: (action, dryRun) => {
        note(dryRun ? `would ${action}` : action);
        return 0;
      },
    },
    kernelLog: { read: (into) => into.push(...machine.kernelEvents(), ...(options.kernel?.() ?? [])) },
    watchers: { take: () => {} },
    standby: {
      begin: () => options.isShooting?.() ?? false,
      take: (into) => into.push(...(options.rescues?.() ?? [])),
      end: () => {},
    },
    remedies: {
      begin: ({ remedy }) => note(`remedy ${remedy.kind} ${remedy.object}`),
      take: (into) => into.push(...(options.remedied?.() ?? [])),
    },
    victims: {
      look: machine.look,
      reap: (dying) => {
        note(`reap ${dying.comm}`);
        reaped.push(machine.reap(dying));
      },
      examine: (dying) => note(`examine ${dying.comm}`),
      take: (into) => into.push(...reaped.splice(0)),
      enrol: (pid) =>
        machine.table.rows.subarray(0, machine.table.count).find((slot) => machine.table.pid[slot] === pid) ?? -1,
    },
    publisher: {
      publish: (event) => {
        note(`publish ${event.kind}`);
        events.push(event);
      },
      gauges: () => note('gauges'),
    },
    ownMajorFaults: options.ownMajorFaults ?? (() => 0),
    ticked: () => note('ticked'),
  };
  const loop = createLoop(ports, state, policy);
  let dueMs = machine.nowMs();
  const turn = (): void => {
    const sleepMs = loop.turn(dueMs);
    dueMs = machine.nowMs() + sleepMs;
    machine.pass(sleepMs);
  };
  return {
    loop,
    state,
    log,
    events,
    sources,
    run: (ms) => {
      const endMs = machine.nowMs() + ms;
      while (machine.nowMs() < endMs) turn();
    },
    turnLate: (lateMs) => {
      machine.pass(lateMs);
      turn();
    },
  };
};
