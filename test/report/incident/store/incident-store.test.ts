/** Incident reports as files, on a real file system: whole, bounded, and never in the way of what is being told. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IncidentDocument } from '../../../../src/report/incident/document/document.ts';
import type { IncidentHead } from '../../../../src/report/incident/incident-head.ts';
import * as files from '../../../../src/report/incident/store/incident-files.ts';
import {
  createIncidents,
  type IncidentOptions,
  type IncidentStore,
} from '../../../../src/report/incident/store/incident-store.ts';
import type { Note } from '../../../../src/report/notes.ts';
import { kernelKill, stamped, started } from '../../events.ts';
import { until } from '../../pipe.ts';
import { exampleWith, points } from '../example.ts';
import { recorderOf } from '../recorded.ts';

let directory = '';
let notes: Note[] = [];
let stores: IncidentStore[] = [];

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'oomwatchd-incidents-')), 'incidents');
  notes = [];
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close(1000);
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

const storeOf = (policy: Partial<NonNullable<IncidentOptions['policy']>> = {}): IncidentStore => {
  const store = createIncidents({
    policy: { directory, keep: 100, maxBytes: 2 ** 26, ...policy },
    ...{ version: '0.1.0', mode: 'enforce', recorder: recorderOf(points), host: () => ({ hostname: 'db1' }) },
    note: (note) => void notes.push(note),
  });
  stores.push(store);
  return store;
};

const open = async (policy: Parameters<typeof storeOf>[0] = {}): Promise<IncidentStore> => {
  const store = storeOf(policy);
  await store.start();
  return store;
};

const kindsOf = (): string[] => notes.map(({ kind }) => kind);

/** Plays the whole example and closes it. */
const happen = async (store: IncidentStore): Promise<IncidentHead> => {
  const closed = new Promise<IncidentHead>((resolve) => store.onClosed(resolve));
  store.event(stamped(started));
  for (const event of exampleWith().events) store.event(event);
  await store.close(5000);
  return closed;
};

/** A report of a second of its own, as an earlier reporter would have left it. */
const leave = async (second: number, size = 0): Promise<string> => {
  const id = `20261101T0000${String(second).padStart(2, '0')}Z-1`;
  const head = { format: 'oomwatchd-incident', version: 1, id, state: 'closed', outcome: 'recovered', title: 'leak' };
  const times = { started: '', started_ms: second, ended: '', ended_ms: second + 1, victims: 1 };
  const text = JSON.stringify({ ...head, ...times, story: ['', '', 'x'.repeat(size)], events: [], notices: [] });
  await files.write(directory, id, 'json', text);
  return id;
};

describe('a report', () => {
  test('is a document and a page, told in the log, and the same when it is read again', async () => {
    const head = await happen(await open());
    expect(head).toMatchObject({ id: '20261125T213412Z-1', outcome: 'stuck', victims: 3 });
    expect(readdirSync(directory).sort()).toEqual([`${head.id}.html`, `${head.id}.json`]);
    expect(notes.at(-1)).toMatchObject({ kind: 'incident_written', id: head.id, file: `${directory}/${head.id}.html` });
    const again = await open();
    expect(again.heads()).toEqual([head]);
    const document = JSON.parse((await again.read(head.id, 'json')) ?? '') as IncidentDocument;
    expect(document.config).toEqual({ hash: 'abcdef012345', mode: 'enforce', files: ['/etc/oomwatchd/config.yaml'] });
    expect(document.host).toEqual({ hostname: 'db1' });
    expect(document.points.time_ms.length).toBeGreaterThan(60);
    expect(await again.read(head.id, 'html')).toContain('<!doctype html>');
    expect(kindsOf()).toEqual(['incident_written']);
  });

  test('of what is still going on can be read, as the first of the list', async () => {
    await files.prepare(directory);
    const old = await leave(1);
    const store = await open();
    for (const event of exampleWith().events.slice(0, 8)) store.event(event);
    const [head, before] = store.heads();
    expect([head?.endedMs, head?.outcome, before?.id]).toEqual([null, 'going_on', old]);
    expect(await store.read(head?.id ?? '', 'html')).toContain('still going on');
  });

  test('that was cut off by the end of the reporter says so, whether or not it could be written then', async () => {
    const store = await open();
    for (const event of exampleWith().events.slice(0, 8)) store.event(event);
    const [head] = store.heads();
    const going = (await store.read(head?.id ?? '', 'json')) ?? '';
    await store.close(5000);
    expect((await open()).heads()[0]).toMatchObject({ outcome: 'interrupted' });
    // What a checkpoint has left when the reporter was killed.
    await files.write(directory, head?.id ?? '', 'json', going);
    const after = await open();
    expect(after.heads()[0]).toMatchObject({ id: head?.id, outcome: 'interrupted' });
    expect(after.heads()[0]?.endedMs).toBeGreaterThan(0);
    expect(await after.read(head?.id ?? '', 'json')).toContain('The report process ended while it was going on');
  });

  test('that an earlier reporter left open is listed as cut off also where it cannot be rewritten', async () => {
    mkdirSync(directory);
    const id = await leave(5);
    const path = join(directory, `${id}.json`);
    const left = readFileSync(path, 'utf8').replace('"closed"', '"open"').replace('"ended_ms":6', '"ended_ms":null');
    writeFileSync(path, left);
    // As root nothing is read-only: a folder is in the way of what is to be written.
    mkdirSync(join(directory, `.${id}.json.new`));
    const store = await open();
    expect(store.heads()).toMatchObject([{ id, outcome: 'interrupted', endedMs: 5 }]);
    expect(kindsOf()).toEqual(['incidents_unwritable']);
    expect(await store.read(id, 'json')).toBe(left);
  });

  test('is written down soon though something else waits for the disk that it is written to', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const store = await open();
    let release = (): void => undefined;
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.inDirectory(() => hung);
    for (const event of exampleWith().events.slice(0, 8)) store.event(event);
    vi.advanceTimersByTime(6000);
    vi.useRealTimers();
    release();
    await until(() => readdirSync(directory).some((name) => name.endsWith('.json')));
    expect(readFileSync(join(directory, readdirSync(directory)[0] ?? ''), 'utf8')).toContain('"state":"open"');
  });

  test('takes up what came of its notices', async () => {
    const store = await open();
    const { id } = await happen(store);
    store.noteNotices(id, [
      { name: 'pager', kind: 'webhook', result: 'failed', attempts: 3, durationMs: 900, detail: 'HTTP 503' },
    ]);
    await store.close(5000);
    const document = JSON.parse((await store.read(id, 'json')) ?? '') as IncidentDocument;
    expect(document.notices).toEqual([
      { name: 'pager', kind: 'webhook', result: 'failed', attempts: 3, duration_ms: 900, detail: 'HTTP 503' },
    ]);
    expect(await store.read(id, 'html')).toContain('HTTP 503');
  });

  test('that a listener fails on is written all the same, and the others hear of it', async () => {
    const store = await open();
    store.onClosed(() => {
      throw new Error('boom');
    });
    await happen(store);
    expect(notes).toContainEqual({ kind: 'bug', error: 'boom' });
    expect(readdirSync(directory)).toHaveLength(2);
  });
});

describe('the directory', () => {
  test('keeps as many reports as it may, the newest ones', async () => {
    await files.prepare(directory);
    for (let second = 0; second < 6; second++) await leave(second);
    const store = await open({ keep: 3 });
    expect(readdirSync(directory).sort()).toEqual(['03', '04', '05'].map((second) => `20261101T0000${second}Z-1.json`));
    expect(store.heads().map(({ startedMs }) => startedMs)).toEqual([5, 4, 3]);
    expect(await store.prune()).toBe(0);
  });

  test('keeps no more bytes than it may, and the newest report whatever its size', async () => {
    await files.prepare(directory);
    for (let second = 0; second < 4; second++) await leave(second, 400_000);
    await open({ maxBytes: 2 ** 20 });
    expect(readdirSync(directory)).toHaveLength(2);
    await open({ maxBytes: 1 });
    expect(readdirSync(directory)).toEqual(['20261101T000003Z-1.json']);
  });

  test('is read before anything is written to it, or a report of ours would count as one that was cut off', async () => {
    await files.prepare(directory);
    for (let second = 0; second < 50; second++) await leave(second);
    const store = storeOf();
    void store.start();
    await happen(store);
    expect(store.heads()).toHaveLength(51);
  });

  test('whose files cannot be removed is told, and they are counted as long as they are there', async () => {
    await files.prepare(directory);
    const old = await leave(1);
    await leave(2);
    writeFileSync(join(directory, `${old}.html`), 'page');
    rmSync(join(directory, `${old}.json`));
    mkdirSync(join(directory, `${old}.json`));
    const store = await open({ keep: 1 });
    expect(readdirSync(directory)).not.toContain(`${old}.html`);
    expect(kindsOf()).toContain('incidents_unwritable');
    expect(await store.prune()).toBe(0);
    rmSync(join(directory, `${old}.json`), { recursive: true });
    expect(await store.prune()).toBe(1);
  });

  test('that is missing is told once and costs the files alone', async () => {
    directory = '/proc/nowhere/incidents';
    const store = await open();
    const head = await happen(store);
    expect(kindsOf()).toEqual(['incidents_unwritable']);
    expect(store.heads()).toEqual([head]);
    expect(await store.read(head.id, 'html')).toContain('a victim does not go');
  });

  test('holds what others have put there at a distance: links, pipes, folders and broken files', async () => {
    await files.prepare(directory);
    const good = await leave(1);
    symlinkSync('/etc/passwd', join(directory, '20261101T000002Z-1.json'));
    mkdirSync(join(directory, '20261101T000003Z-1.json'));
    writeFileSync(join(directory, '20261101T000004Z-1.json'), '{"format":"oomwatchd-incident","version":1');
    writeFileSync(join(directory, '20261101T000005Z-1.json'), '{"format":"other","story":[]}');
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    writeFileSync(join(directory, '.20261101T000006Z-1.json.new'), 'half');
    const store = await open();
    expect(store.heads().map(({ id }) => id)).toEqual([good]);
    expect(notes).toMatchObject([{ kind: 'incidents_unreadable', count: 2, id: '20261101T000005Z-1' }]);
    expect(await store.read('20261101T000002Z-1', 'json')).toBeUndefined();
    expect(readdirSync(directory)).not.toContain('.20261101T000006Z-1.json.new');
    expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test.each(['../../../../etc/passwd', '20261101T000001Z-1/../../x', '', 'last', '20261101T000001Z-1.json'])(
    'gives nothing for the id %j',
    async (id) => {
      await files.prepare(directory);
      expect(await (await open()).read(id, 'json')).toBeUndefined();
      expect(await files.read(directory, id, 'json')).toBeUndefined();
    },
  );

  test('is left as it was when a write fails half way', async () => {
    await files.prepare(directory);
    const id = await leave(1);
    mkdirSync(join(directory, `.${id}.json.new`));
    await expect(files.write(directory, id, 'json', 'new')).rejects.toThrow('EISDIR');
    expect(await files.read(directory, id, 'json')).toContain('"title":"leak"');
  });

  test('and the files in it can be read by the reporter and its group alone', async () => {
    await files.prepare(directory);
    const id = await leave(1);
    expect(statSync(directory).mode & 0o777 & ~0o750).toBe(0);
    expect(statSync(join(directory, `${id}.json`)).mode & 0o777 & ~0o640).toBe(0);
  });
});

test('without a policy, from an older control, the last few reports are kept in memory', async () => {
  const store = createIncidents({
    policy: undefined,
    version: '0',
    mode: 'observe',
    note: (note) => void notes.push(note),
  });
  stores.push(store);
  await store.start();
  store.event(stamped(kernelKill));
  await store.close(1000);
  const [head] = store.heads();
  expect(head?.title).toBe('The kernel killed java (pid 4711)');
  expect(await store.read(head?.id ?? '', 'json')).toContain('"state":"closed"');
  expect([await store.prune(), notes]).toEqual([0, []]);
});
