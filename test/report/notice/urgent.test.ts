import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createUrgency } from '../../../src/report/notice/urgent.ts';
import { memory, signal, stamped, verify, victim } from '../events.ts';
import { livelock } from '../livelock-event.ts';
import { rescue } from '../rescue-event.ts';

const kindOf = (event: OomwatchdEvent): string | undefined => createUrgency(() => 0)(stamped(event))?.kind;

const noAction = { kind: 'no_action', episode: 1, reason: 'no_candidate', detail: '', memory } as const;
const drilled = { kind: 'drilled', outcome: 'failed', durationMs: 1, detail: '' } as const;
const sysrq = {
  kind: 'sysrq',
  episode: 1,
  outcome: 'executed',
  pid: 1,
  comm: '',
  steered: 0,
  afterMs: 0,
  errno: 0,
  detail: '',
} as const;
const lastResort = { kind: 'last_resort', episode: 1, action: 'crash', stalledMs: 1, sent: true, errno: 0 } as const;

describe('what is told at once', () => {
  test.each<[OomwatchdEvent, string | undefined]>([
    [signal, 'signal'],
    [{ ...signal, sent: false }, undefined],
    [{ ...signal, company: 'fork_storm', companyOf: 7 }, undefined],
    [livelock, 'livelock'],
    [{ ...livelock, stage: 'changes' }, undefined],
    [{ ...livelock, stage: 'ends' }, undefined],
    [victim, 'stuck_victim'],
    [{ ...victim, killedBy: 'kernel' }, 'stuck_victim'],
    [{ ...victim, killedBy: 'other' }, undefined],
    [{ ...victim, killedBy: 'itself' }, undefined],
    [{ ...victim, life: 'exiting' }, undefined],
    [noAction, 'no_action'],
    [{ ...noAction, reason: 'futile' }, 'no_action'],
    [{ ...noAction, reason: 'observe_mode' }, undefined],
    [{ ...noAction, reason: 'waiting_for_victim' }, undefined],
    [{ ...noAction, reason: 'victim_vanished' }, undefined],
    [{ ...noAction, reason: 'recovered_while_selecting' }, undefined],
    [rescue, 'signal'],
    [{ ...rescue, outcome: 'nobody' }, undefined],
    [sysrq, 'signal'],
    [{ ...sysrq, outcome: 'pressed' }, undefined],
    [lastResort, 'signal'],
    [{ ...lastResort, sent: false }, undefined],
    [drilled, 'drill'],
    [{ ...drilled, outcome: 'not_calm' }, undefined],
    [verify, undefined],
  ])('%j: %s', (event, kind) => {
    expect(kindOf(event)).toBe(kind);
  });

  test('each once in ten minutes, and another one all the same', () => {
    let nowMs = 0;
    const urgency = createUrgency(() => nowMs);
    const told = (event: OomwatchdEvent): boolean => urgency(stamped(event)) !== undefined;
    expect(told(noAction)).toBe(true);
    nowMs = 599_999;
    expect(told(noAction)).toBe(false);
    expect(told({ ...noAction, reason: 'futile' })).toBe(true);
    expect(told({ ...noAction, episode: 2 })).toBe(true);
    nowMs = 600_000;
    expect(told(noAction)).toBe(true);
    expect(told(signal)).toBe(true);
    expect(told({ ...signal, signal: 'TERM' })).toBe(true);
    expect(told({ ...signal, victim: { ...signal.victim, startTimeTicks: 1 } })).toBe(true);
    expect(told(signal)).toBe(false);
  });

  test('however many there are, what is remembered stays bounded: the oldest is told again', () => {
    const urgency = createUrgency(() => 0);
    const told = (pid: number): boolean => urgency(stamped({ ...victim, pid })) !== undefined;
    for (let pid = 0; pid < 257; pid++) expect(told(pid)).toBe(true);
    expect(told(256)).toBe(false);
    expect(told(0)).toBe(true);
  });
});
