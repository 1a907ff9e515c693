import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_TEMPLATES } from '../../../src/core/notice-policy.ts';
import {
  documentOfEvent,
  documentOfFigures,
  documentOfIncident,
  type NoticeDocument,
} from '../../../src/report/notice/notice-document.ts';
import { bodyOf } from '../../../src/report/notice/template.ts';
import { isPrintable } from '../../../src/report/printable.ts';
import { anyEvent, java, signal, stamped } from '../events.ts';
import { livelock } from '../livelock-event.ts';

const ORIGIN = { host: 'db1', mode: 'enforce' } as const;
const NOW_MS = Date.UTC(2026, 10, 22, 20, 0);

const killed = documentOfEvent(ORIGIN, 'signal', stamped(signal));
const head = {
  ...{ id: '20261122T194500Z-1', startedMs: NOW_MS - 900_000, endedMs: NOW_MS - 1000, victims: 1 },
  ...{ title: 'memory was short for 14 min', outcome: 'java was killed' },
};
const closed = documentOfIncident(ORIGIN, head, NOW_MS);

describe('the document', () => {
  test('has the sentence and the fields of the log line', () => {
    expect(killed).toMatchObject({
      ...{ version: 1, kind: 'signal', host: 'db1', mode: 'enforce', level: 'warn', time: '2026-11-22T19:45:00.250Z' },
      summary: 'SIGKILL to java (pid 4711, tomcat.service, 2.3 GiB): MemAvailable 48 MiB is below the kill mark',
      event: { event: 'signal', monotonic_ms: 60_000, signal: 'KILL', victim: { pid: 4711, uid: 1000 } },
    });
  });

  test('shows a name as it is, and not as the bytes of what is printable already', () => {
    const comm = Buffer.from('Café', 'utf8').toString('latin1');
    const { summary } = documentOfEvent(ORIGIN, 'signal', stamped({ ...signal, victim: { ...java, comm } }));
    expect(summary).toMatch(/^SIGKILL to "Café" \(pid 4711/);
    expect(documentOfIncident(ORIGIN, { ...head, title: summary }, NOW_MS).summary).toBe(summary);
  });

  test('of an incident has its id, times and outcome; one that goes on has no end', () => {
    expect(closed.incident).toEqual({
      ...{ id: '20261122T194500Z-1', started: '2026-11-22T19:45:00.000Z', ended: '2026-11-22T19:59:59.000Z' },
      ...{ outcome: 'java was killed', victims: 1 },
    });
    const open = documentOfIncident(
      ORIGIN,
      { id: 'a', startedMs: 0, endedMs: null, title: '', outcome: '', victims: 0 },
      0,
    );
    expect(open.incident).toMatchObject({ ended: null });
  });

  test('of whatever control says, every body is JSON without anything that a terminal or a chat acts on', () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom(...WEBHOOK_TEMPLATES), (event, template) => {
        const document = documentOfEvent({ host: 'a\x1b[2J', mode: 'observe' }, 'no_action', stamped(event));
        const body = bodyOf(template, document);
        expect(body.length).toBeLessThan(65_536);
        const texts = (value: unknown): string[] =>
          typeof value === 'string'
            ? [value]
            : typeof value === 'object' && value !== null
              ? Object.entries(value).flatMap(([key, each]) => [key, ...texts(each)])
              : [];
        const lines = texts(JSON.parse(body)).flatMap((text) => text.split('\n'));
        for (const line of lines) expect(isPrintable(line), line).toBe(true);
        if (template === 'slack') expect(body).not.toMatch(/[<>`]/);
      }),
    );
  });
});

describe('templates', () => {
  const parse = (template: 'slack' | 'alertmanager', document: NoticeDocument) =>
    JSON.parse(bodyOf(template, document));

  test('generic is the document', () => {
    expect(JSON.parse(bodyOf('generic', killed))).toEqual(killed);
  });

  test('slack is a text in which nothing is markup', () => {
    const owner = { uid: 1, user: 'a', unit: '<!channel>.service', pid: 1, comm: 'x' };
    expect(parse('slack', { ...closed, summary: '"<b>" & `x`', owner })).toEqual({
      text:
        '*oomwatchd on db1*: "&lt;b&gt;" &amp; \'x\'\njava was killed (incident 20261122T194500Z-1)\n' +
        'unit &lt;!channel&gt;.service',
    });
    expect(parse('slack', killed).text).toMatch(/^\*oomwatchd on db1\*: SIGKILL to java/);
  });

  test('slack calls nobody and loads nothing, whatever a process is called', () => {
    const named = (comm: string): string => parse('slack', { ...killed, summary: `killed ${comm} (pid 7)` }).text;
    expect(named('@channel')).toContain('killed @ channel (pid 7)');
    expect(named('"x @all"')).toContain('"x @ all"');
    expect(named('user@1000.service')).toContain('killed user@1000.service');
    expect(named('![](http://x/)')).toContain('![] (http://x/)');
  });

  test('alertmanager is one alert whose labels no process can grow, and which ends by itself', () => {
    expect(parse('alertmanager', killed)).toEqual([
      {
        labels: { alertname: 'OomwatchdSignal', severity: 'warning', instance: 'db1', job: 'oomwatchd' },
        annotations: { summary: killed.summary, description: '' },
        ...{ startsAt: '2026-11-22T19:45:00.250Z', endsAt: '2026-11-22T20:00:00.250Z' },
      },
    ]);
    const document = documentOfEvent(ORIGIN, 'livelock', stamped(livelock));
    expect(parse('alertmanager', document)[0].labels.severity).toBe(
      document.level === 'error' ? 'critical' : 'warning',
    );
  });

  test('the alert of an incident begins with it, and ends after it was told: one that has ended is no news', () => {
    const [alert] = parse('alertmanager', closed);
    expect(alert).toMatchObject({ startsAt: '2026-11-22T19:45:00.000Z', endsAt: '2026-11-22T20:15:00.000Z' });
    expect(alert.labels).toMatchObject({ alertname: 'OomwatchdIncident', incident: '20261122T194500Z-1' });
    expect(alert.annotations).toEqual({ summary: 'memory was short for 14 min', description: 'java was killed' });
  });

  test('what comes by the clock has its figures', () => {
    const document = documentOfFigures(ORIGIN, 'summary', 'info', NOW_MS, 'in the last 24 h: 1 SIGKILL', { kills: 1 });
    expect(document).toMatchObject({ kind: 'summary', level: 'info', figures: { kills: 1 } });
    expect(parse('alertmanager', document)[0].labels).toMatchObject({
      alertname: 'OomwatchdSummary',
      severity: 'info',
    });
  });
});
