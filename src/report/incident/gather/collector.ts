/** From the stream of events to incidents: one at a time, as what happens to a host at one time belongs together. */
import type { StampedEvent } from '../../../core/event.ts';
import { idOf } from '../incident-head.ts';
import { createExtent, type Extent, type Role, roleOf } from './extent.ts';
import { createFacts, type OpenFacts } from './facts.ts';

/** Verdicts take up to 5 s, the last stage of a victim (act.victim_timeout) another 5 s. */
const QUIET_TICKS = 15;
/** A service that the kernel kills every minute makes one report, not a hundred that push out those of the week before. */
const MANY = 5;
const MANY_WITHIN_MS = 3_600_000;
const QUIET_TICKS_WHEN_MANY = 600;
/** After events were lost, what is quiet for so long may have ended untold. */
const QUIET_TICKS_WHEN_LOST = 600;
/** The first sign may come long before; what is older has nothing to do with it. */
const LEAD_MAX_MS = 600_000;
const LEAD_EVENTS = 16;

export interface Collector {
  take(event: StampedEvent): void;
  /** Once a second by any clock: a reporter that was stopped must not take its own absence for quiet. */
  tick(): void;
  readonly open: OpenFacts | undefined;
  /** Ends the open one without waiting. */
  cut(): void;
}

export interface CollectorPorts {
  opened(facts: OpenFacts): void;
  /** `isOver`: nothing of it goes on. */
  closed(facts: OpenFacts, isOver: boolean): void;
  /** There is an incident with this id, of this second and an earlier reporter. */
  isTaken(id: string): boolean;
}

/** What is only of interest beside an incident must not keep it open: strangers are killed, sources come and go. */
const matters = (event: StampedEvent, role: Role): boolean => {
  if (role !== 'part') return true;
  if (event.kind === 'victim') return event.killedBy !== 'other' && event.killedBy !== 'itself';
  return event.kind === 'episode_ended' || event.kind === 'livelock' || event.kind === 'verify';
};

export const createCollector = ({ opened, closed, isTaken }: CollectorPorts): Collector => {
  let lead: StampedEvent[] = [];
  let open: { readonly facts: OpenFacts; readonly extent: Extent } | undefined;
  let quiet = 0;
  let lastMs = 0;
  let hasLost = false;
  let starts: number[] = [];

  const begin = (event: StampedEvent): void => {
    const signs = lead.filter(({ timeMs }) => event.timeMs - timeMs <= LEAD_MAX_MS);
    const startedMs = Math.min(signs[0]?.timeMs ?? event.timeMs, event.timeMs);
    let serial = 1;
    while (isTaken(idOf(startedMs, serial))) serial++;
    const facts = createFacts(idOf(startedMs, serial), startedMs);
    const extent = createExtent();
    for (const sign of signs) {
      facts.take(sign);
      extent.see(sign);
    }
    lead = [];
    quiet = 0;
    lastMs = startedMs;
    hasLost = false;
    starts = [...starts.filter((timeMs) => event.timeMs - timeMs < MANY_WITHIN_MS), event.timeMs].slice(-MANY - 1);
    open = { facts, extent };
    add(event, 'trigger');
    opened(facts);
  };

  const add = (event: StampedEvent, role: Role): void => {
    hasLost ||= event.kind === 'dropped';
    open?.facts.take(event);
    open?.extent.see(event);
    if (!matters(event, role)) return;
    quiet = 0;
    lastMs = Math.max(lastMs, event.timeMs);
  };

  const cut = (): void => {
    if (open === undefined) return;
    const { facts, extent } = open;
    open = undefined;
    facts.end(Math.max(lastMs, facts.startedMs));
    closed(facts, !extent.isHeld);
  };

  return {
    take: (event) => {
      const role = roleOf(event);
      if (role === 'none') return;
      if (open !== undefined) add(event, role);
      else if (role === 'trigger') begin(event);
      else if (role === 'calm') lead = [];
      else if (role === 'lead') lead = [...lead, event].slice(-LEAD_EVENTS);
    },
    tick: () => {
      open?.extent.tick();
      if (open === undefined || (open.extent.isHeld && !hasLost)) return;
      const usual = starts.length > MANY ? QUIET_TICKS_WHEN_MANY : QUIET_TICKS;
      if (++quiet >= (open.extent.isHeld ? QUIET_TICKS_WHEN_LOST : usual)) cut();
    },
    get open() {
      return open?.facts;
    },
    cut,
  };
};
