import { describe, expect, test } from 'vitest';
import { kmsgLine } from '../../src/commands/daemon/kmsg-line.ts';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { SYSRQ_OUTCOMES } from '../../src/core/ladder-event.ts';
import { createInstruments } from '../../src/report/instruments.ts';
import { createLadderMetrics } from '../../src/report/ladder-metrics.ts';
import { lineOf } from '../../src/report/wording.ts';
import { memory, signal, stamped } from './events.ts';
import { parseExposition, sampleOf } from './exposition.ts';

const said = (event: OomwatchdEvent): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

const sysrq: Extract<OomwatchdEvent, { kind: 'sysrq' }> = {
  ...{ kind: 'sysrq', episode: 1, outcome: 'pressed', pid: 4711, comm: 'java' },
  ...{ steered: 0, afterMs: 0, errno: 0, detail: 'refused' },
};
const restored = { kind: 'restored', by: 'verification', restored: 2, gone: 0, changed: 0, failed: [] } as const;
const evidence = { kind: 'evidence', episode: 1, keys: 'wm', stalledMs: 30_000, memory, sent: true } as const;
const last = { kind: 'last_resort', episode: 1, action: 'reboot', stalledMs: 120_000, sent: true, errno: 0 } as const;
const watchdog: Extract<OomwatchdEvent, { kind: 'watchdog_device' }> = {
  ...{ kind: 'watchdog_device', state: 'armed', device: '/dev/watchdog' },
  ...{ timeoutMs: 180_000, wantedMs: 180_000, errno: 0 },
};
const SEEN = 'MemAvailable 48 MiB of 4.0 GiB';

describe('a sentence about', () => {
  test.each<[OomwatchdEvent, string]>([
    [
      sysrq,
      'warn: SysRq-f pressed: the kernel is to take java (pid 4711): the kernel does not let us signal whom we would',
    ],
    [
      { ...sysrq, steered: 2, detail: 'nobody' },
      'warn: SysRq-f pressed: the kernel is to take java (pid 4711), oom_score_adj of 2 processes changed for it: nobody may be signalled',
    ],
    [
      { ...sysrq, outcome: 'observed', detail: 'fruitless' },
      'warn: SysRq-f would be pressed: the kernel would take java (pid 4711) (observe mode): whom we killed does not go, or returned nothing',
    ],
    [{ ...sysrq, outcome: 'failed', errno: 2, detail: '' }, 'error: SysRq-f could not be pressed (errno 2)'],
    [
      { ...sysrq, outcome: 'executed', afterMs: 150, detail: '' },
      'warn: SysRq-f carried out after 150 ms: the kernel killed java (pid 4711)',
    ],
    [
      { ...sysrq, outcome: 'executed', pid: -1, comm: '', afterMs: 650, detail: 'counted in vmstat' },
      'warn: SysRq-f carried out after 650 ms: the kernel killed somebody: counted in vmstat',
    ],
    [
      { ...sysrq, outcome: 'swallowed', comm: '', detail: '' },
      'warn: SysRq-f swallowed: the kernel chose pid 4711 again, and nobody new dies',
    ],
    [{ ...sysrq, outcome: 'nobody', detail: '' }, 'error: SysRq-f ignored: the kernel found nobody to kill'],
    [
      { ...sysrq, outcome: 'accepted_but_not_executed', afterMs: 3000, detail: 'no worker is free' },
      'error: SysRq-f not carried out within 3.0 s: no worker is free',
    ],
    [restored, 'info: oom_score_adj after the press: 2 processes put back'],
    [
      { ...restored, by: 'start', restored: 1, gone: 2, changed: 3 },
      'info: oom_score_adj left by an earlier run: 1 process put back, 2 gone, 3 changed by somebody else meanwhile and left so',
    ],
    [
      { ...restored, by: 'stop', failed: ['pid 7: EACCES'] },
      'error: oom_score_adj at the end: 2 processes put back, FAILED: pid 7: EACCES',
    ],
    [
      evidence,
      `error: the host stands still since 30 s: evidence is taken (SysRq-w and SysRq-m, see the kernel log); ${SEEN}`,
    ],
    [
      { ...evidence, sent: false, keys: 'm' },
      `error: the host stands still since 30 s: evidence would be taken (observe mode) (SysRq-m, see the kernel log); ${SEEN}`,
    ],
    [last, 'error: the host stands still since 2 min 0 s; last resort: restart by SysRq-b'],
    [
      { ...last, sent: false, action: 'crash' },
      'error: the host stands still since 2 min 0 s; last resort would be: crash by SysRq-c (observe mode)',
    ],
    [
      { ...last, sent: false, errno: 2 },
      'error: the host stands still since 2 min 0 s; last resort, restart by SysRq-b, failed with errno 2',
    ],
    [
      { ...last, action: 'watchdog' },
      'error: the host stands still since 2 min 0 s; last resort: the watchdog device is left unfed',
    ],
    [watchdog, 'info: watchdog /dev/watchdog is armed: it resets the host unless it is fed within 3 min 0 s'],
    [
      { ...watchdog, state: 'short', timeoutMs: 39_000, errno: 22 },
      'error: watchdog /dev/watchdog does not take 3 min 0 s (errno 22) and cannot be stopped: it resets the host unless it is fed within 39 s',
    ],
    [
      { ...watchdog, state: 'short', timeoutMs: -1, errno: 95 },
      'error: watchdog /dev/watchdog does not take 3 min 0 s (errno 95) and cannot be stopped: it resets the host after a time that it does not tell, unless it is fed',
    ],
    [
      { ...watchdog, state: 'refused', timeoutMs: 39_000, errno: 22 },
      'error: watchdog /dev/watchdog is not used, there is no last resort (errno 22, it has 39 s instead of 3 min 0 s)',
    ],
    [
      { ...watchdog, state: 'refused', timeoutMs: -1, errno: 16 },
      'error: watchdog /dev/watchdog is not used, there is no last resort (errno 16)',
    ],
    [
      { ...watchdog, state: 'failed', errno: 5 },
      'error: watchdog /dev/watchdog could not be written to (errno 5): it resets the host unless it is fed within 3 min 0 s',
    ],
    [
      { ...watchdog, state: 'fed_again' },
      'warn: watchdog /dev/watchdog is fed again: the shortage was over before it ran out',
    ],
    [{ ...watchdog, state: 'released' }, 'info: watchdog /dev/watchdog is disarmed'],
  ])('%#', (event, sentence) => {
    expect(said(event)).toBe(sentence);
  });
});

describe('a line for the kernel log', () => {
  test.each<[OomwatchdEvent, string]>([
    [sysrq, 'SysRq-f pressed process 4711 (java) after 0 ms steered:0 refused'],
    [
      { ...sysrq, outcome: 'executed', pid: -1, comm: '', afterMs: 650.4, detail: 'counted' },
      'SysRq-f executed after 650 ms steered:0 counted',
    ],
    [
      evidence,
      'standstill since 30 s: pressing SysRq wm mem_total:4194304kB mem_available:49152kB mem_free:20480kB swap_total:0kB swap_free:0kB',
    ],
    [{ ...watchdog, state: 'fed_again' }, 'watchdog device /dev/watchdog fed_again timeout:180 s errno:0'],
    [{ ...last, stalledMs: 120_400 }, 'standstill since 120 s: last resort reboot begun'],
    [{ ...last, sent: false }, 'standstill since 120 s: last resort reboot left out (observe mode)'],
    [{ ...last, sent: false, errno: 2 }, 'standstill since 120 s: last resort reboot failed (errno 2)'],
  ])('%#', (event, line) => {
    expect(kmsgLine(event)).toBe(line);
  });

  test('would press where nothing is meant', () => {
    expect(kmsgLine({ ...evidence, sent: false })).toContain('would press SysRq wm');
  });

  test('is for what was done and what came of it', () => {
    expect(SYSRQ_OUTCOMES.filter((outcome) => kmsgLine({ ...sysrq, outcome }) !== null)).toEqual([
      'pressed',
      'failed',
      'executed',
      'accepted_but_not_executed',
    ]);
    expect(kmsgLine(restored)).toBeNull();
  });

  test('cannot be forged by the name of a process', () => {
    expect(kmsgLine({ ...sysrq, comm: 'a\n<0>panic' })).toContain('(a?<0>panic)');
  });
});

test('presses, last resorts and values that stay changed are counted, from 0 on', async () => {
  const instruments = createInstruments();
  const count = createLadderMetrics(instruments);
  const samples = async (...names: string[]) => {
    const families = parseExposition(await instruments.registry.metrics());
    return names.map((name) => sampleOf(families, name));
  };
  const names = [
    'oomwatchd_sysrq_total{outcome="executed"}',
    'oomwatchd_last_resorts_total{action="crash"}',
    'oomwatchd_oom_score_adj_left_total',
  ];
  expect(await samples(...names)).toEqual([0, 0, 0]);
  count(stamped({ ...sysrq, outcome: 'executed' }));
  count(stamped({ ...last, action: 'crash' }));
  count(stamped({ ...restored, failed: ['pid 7: EACCES', 'pid 8: EACCES'] }));
  count(stamped(signal));
  expect(await samples(...names)).toEqual([1, 1, 2]);
});
