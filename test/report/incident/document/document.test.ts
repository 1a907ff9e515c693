/** The report of an incident: what is in it, what it says, and that it is as config/incident-schema.json promises. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { StampedEvent } from '../../../../src/core/event.ts';
import { bounded } from '../../../../src/report/incident/document/bounded.ts';
import { type IncidentDocument, OUTCOMES } from '../../../../src/report/incident/document/document.ts';
import { textOf } from '../../../../src/report/incident/page/incident-text.ts';
import { isPrintable } from '../../../../src/report/printable.ts';
import { anyEvent, java, kernelKill, memory, signal, stamped, verify } from '../../events.ts';
import { EVIL, eventsWith, exampleWith, START_MS } from '../example.ts';
import { play, recordingOf } from '../recorded.ts';

const SCHEMA = new URL('../../../../config/incident-schema.json', import.meta.url);
const published = JSON.parse(readFileSync(SCHEMA, 'utf8'));
const shape = z.fromJSONSchema(published);

const parsed = (document: IncidentDocument): unknown => JSON.parse(JSON.stringify(document));

const problemsOf = (document: IncidentDocument): string => {
  const result = shape.safeParse(parsed(document));
  return result.success ? '' : z.prettifyError(result.error);
};

const only = (documents: readonly IncidentDocument[]): IncidentDocument => {
  expect(documents).toHaveLength(1);
  return documents[0] as IncidentDocument;
};

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

describe('the document', () => {
  test.each(['enforce-6.18', 'observe-6.18'])('of the recorded run %s is as the published schema has it', (name) => {
    for (const document of play(recordingOf(name))) expect(problemsOf(document)).toBe('');
  });

  test('has an outcome of a list that the schema has as well', () => {
    expect(published.properties.outcome.enum).toEqual([...OUTCOMES]);
  });

  test('is refused by the schema when a key is missing, of another type or not in it', () => {
    const document = only(play(exampleWith()));
    expect(problemsOf(document)).toBe('');
    expect(problemsOf({ ...document, title: 7 as unknown as string })).toContain('title');
    expect(problemsOf({ ...document, more: 1 } as IncidentDocument)).toContain('more');
    const { story: _, ...untold } = document;
    expect(problemsOf(untold as IncidentDocument)).toContain('story');
  });

  test('is whole and printable whatever control sends', () => {
    const trigger = fc.constant<StampedEvent>(stamped({ ...kernelKill, comm: '\x1b[2J' }));
    fc.assert(
      fc.property(trigger, fc.array(anyEvent, { maxLength: 40 }), (first, rest) => {
        for (const document of play({ events: [first, ...rest], points: [] })) {
          expect(problemsOf(document)).toBe('');
          expect(textsIn(document).filter((text) => !isPrintable(text))).toEqual([]);
          expect(isPrintable(textOf(document).replaceAll('\n', ''))).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('is made of events of another version as far as they can be understood', () => {
    const strange = [
      { ...signal, victim: undefined },
      { ...verify, comm: 5 },
      { kind: 'ranked', episode: 1 },
    ];
    const events = strange.map((event) => stamped(event as never));
    const document = only(play({ events, points: [] }));
    expect(document.events).toHaveLength(3);
    expect(document.title).toMatch(/^(Events of another version|Short of memory)/);
    expect(document.signals).toEqual([]);
  });

  test('has no more of anything than fits, and says what is missing', () => {
    const events = Array.from({ length: 1000 }, (_, at) => ({ ...stamped(signal), timeMs: START_MS + at }));
    const document = only(play({ events, points: [] }));
    expect(document.events).toHaveLength(240);
    expect(document.events_dropped).toEqual({ count: 760, after: 120 });
    expect(document.events[120]?.time_ms).toBe(START_MS + 880);
    expect(document.signals).toHaveLength(48);
  });

  test('keeps below its limit of bytes whatever is in it, and keeps its story', () => {
    const path = '/'.padEnd(3000, 'é');
    const victim = { ...java, exe: path, unit: path };
    const ranked = {
      kind: 'ranked',
      episode: 1,
      scanned: 1,
      top: Array(10).fill(victim),
      excluded: {},
      corrections: [],
      scanMs: 1,
    };
    const events = Array.from({ length: 500 }, () => stamped(ranked as never));
    const document = only(play({ events: [stamped({ ...signal, victim }), ...events], points: [] }));
    const { json, document: small } = bounded(document, 100_000);
    expect(Buffer.byteLength(JSON.stringify(document))).toBeGreaterThan(500_000);
    expect(Buffer.byteLength(json)).toBeLessThan(100_000);
    expect(small.story).toEqual(document.story);
    expect(problemsOf(small)).toBe('');
    expect(small.events_dropped.count + small.events.length).toBe(501);
  });
});

test('the report of a real run reads as the stored one (UPDATE=1 writes it)', () => {
  const file = new URL('../../../fixtures/incidents/enforce-6.18.txt', import.meta.url);
  const text = textOf(only(play(recordingOf('enforce-6.18'))));
  if (process.env['UPDATE'] === '1' || !existsSync(file)) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
});

describe('the story', () => {
  const storyOf = (...events: Parameters<typeof stamped>[0][]): IncidentDocument =>
    only(play({ events: events.map(stamped), points: [] }));

  test('of a livelock with a stuck victim says what it was, what was done, what came of it and what to type', () => {
    const { story, advice, outcome, victims } = only(play(exampleWith()));
    expect(story[0]).toContain('At 21:34:12 UTC the host stopped making progress');
    expect(story[1]).toMatch(/^oomwatchd sent SIGTERM to postgres \(pid 4711, .*; 1 more process followed\.$/);
    expect(story[2]).toContain('In the end ruby (pid 4800) gave back 696 of 717 MiB');
    expect(advice.join()).toContain('echo 1 > /sys/fs/fuse/connections/42/abort');
    expect(outcome).toBe('stuck');
    expect(victims).toBe(3);
  });

  test.each([
    ['victim_vanished', 'passed'],
    ['recovered_while_selecting', 'passed'],
    ['all_protected', 'nothing_done'],
  ] as const)('of a shortage that is over after %s has the outcome %s', (reason, outcome) => {
    const over = { kind: 'episode_ended', episode: 1, durationMs: 900, signals: 0, returnedKiB: 0 } as const;
    expect(storyOf({ kind: 'no_action', episode: 1, reason, detail: '', memory }, over).outcome).toBe(outcome);
  });

  test('of a kill by the kernel says that we signalled nobody', () => {
    const { title, story, outcome } = storyOf(kernelKill);
    expect(title).toBe('The kernel killed java (pid 4711)');
    expect(story[1]).toBe('oomwatchd signalled nobody; the kernel was first.');
    expect(outcome).toBe('kernel_killed');
  });

  test('of observing says that nothing was sent', () => {
    const { title, advice, outcome, victims } = storyOf({ ...signal, sent: false });
    expect(title).toBe('Short of memory: would have killed java (pid 4711, tomcat.service, 2.3 GiB)');
    expect(advice.at(-1)).toContain('Nothing was sent, as the mode is observe');
    expect([outcome, victims]).toEqual(['observed', 0]);
  });

  test('names whom a signal has reached, not whom the kernel refused before', () => {
    const refused = { ...signal, errno: 1, sent: false };
    const other = { ...java, pid: 5, comm: 'ruby' };
    const { title, story, victims } = storyOf(refused, { ...signal, victim: other });
    expect(title).toBe('Short of memory: killed ruby (pid 5, tomcat.service, 2.3 GiB)');
    expect(story[1]).toMatch(/^oomwatchd sent SIGKILL to ruby \(pid 5, [^;]*\.$/);
    expect(victims).toBe(1);
  });

  test('of a signal that was refused says so, and not that it was observed', () => {
    const { title, story, outcome } = storyOf(
      { ...signal, errno: 1, sent: false },
      { kind: 'no_action', episode: 1, reason: 'no_privilege', detail: '', memory },
      { kind: 'episode_ended', episode: 1, durationMs: 900, signals: 0, returnedKiB: 0 },
    );
    expect([title, outcome]).toEqual(['Short of memory: nobody was killed', 'nothing_done']);
    expect(story[1]).toMatch(/^oomwatchd tried: SIGKILL to java .* failed with EPERM/);
  });

  test('counts everybody who was killed, also those it has no line for', () => {
    const storm = Array.from({ length: 300 }, (_, at) => ({
      ...({ ...signal, company: at === 0 ? '' : 'fork_storm', companyOf: at === 0 ? 0 : 100 } as const),
      victim: { ...java, pid: 100 + at },
    }));
    const { title, story, victims, signals } = storyOf(...storm);
    expect(title).toContain('and 299 more');
    expect(story[1]).toContain('; 299 more processes followed');
    expect([victims, signals.length]).toEqual([300, 48]);
  });

  test('of a cgroup has a title with the whole of its path', () => {
    const { title } = storyOf({
      ...{ kind: 'cgroup', path: '/kubepods.slice:cri-containerd:0123', condition: 'oom_loop', holds: true },
      ...{ forMs: 9000, currentKiB: 1024, limitKiB: 1024, perS: 9, fullPermyriad: 9000 },
      ...{ processes: 2, unkillable: 2, members: '' },
    });
    expect(title).toBe(
      'cgroup /kubepods.slice:cri-containerd:0123 is out of memory again and again and the kernel kills nobody in it for 9.0 s',
    );
  });

  test('of a shortage in which nothing could be done says why', () => {
    const { story, outcome } = storyOf(
      { kind: 'no_action', episode: 1, reason: 'all_protected', detail: '', memory },
      { kind: 'episode_ended', episode: 1, durationMs: 900, signals: 0, returnedKiB: 0 },
    );
    expect(story[1]).toContain('every process that is large enough is protected');
    expect(outcome).toBe('nothing_done');
  });

  test.each(['recovered', 'partial', 'not_returned', 'stuck'] as const)(
    'takes the verdict %s for the outcome',
    (verdict) => {
      expect(storyOf(signal, { ...verify, verdict }).outcome).toBe(verdict);
    },
  );

  test('names a unit in a command only when a shell takes it for one word', () => {
    const harmless = storyOf({ ...signal, victim: { ...java, unit: 'tomcat.service' } });
    expect(harmless.advice.join()).toContain('systemctl set-property tomcat.service MemoryMax=');
    const evil = only(
      play({ events: eventsWith({ comm: 'x', unit: `$(reboot)${EVIL}.service`, text: '' }), points: [] }),
    );
    expect(evil.advice.join()).not.toContain('set-property $(reboot)');
  });
});
