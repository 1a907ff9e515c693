/** The figures of the summary over the end of a reporter, on a real file system and beside real reports. */
import {
  existsSync,
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
import * as files from '../../../src/report/incident/store/incident-files.ts';
import { createIncidents, type IncidentStore } from '../../../src/report/incident/store/incident-store.ts';
import { type Note, noteLine } from '../../../src/report/notes.ts';
import { type KeptTally, keepTally } from '../../../src/report/schedule/kept-tally.ts';
import type { HourOfTally } from '../../../src/report/schedule/tally.ts';
import { signal, stamped } from '../events.ts';
import { until } from '../pipe.ts';

const HOUR_MS = 3_600_000;

let folder = '';
let directory = '';
let notes: Note[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-tally-'));
  directory = join(folder, 'incidents');
  notes = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(directory, 'summary.tally');
const latest = (): string => `${file()}.latest`;
const read = (): Record<string, unknown> => JSON.parse(readFileSync(file(), 'utf8'));
const kill = () => ({ ...stamped(signal), timeMs: Date.now() });

interface Reporter {
  readonly tally: KeptTally;
  readonly store: IncidentStore;
  /** Ends it as the end of the pipe does. */
  stop(): Promise<boolean>;
}

const reporter = async (): Promise<Reporter> => {
  const note = (each: Note): void => void notes.push(each);
  const policy = { directory, keep: 100, maxBytes: 2 ** 26 };
  const store = createIncidents({ policy, version: '0.1.0', mode: 'enforce', note });
  const tally = keepTally({ note, inDirectory: store.inDirectory });
  await store.start();
  const stop = (): Promise<boolean> => {
    tally.stop();
    return store.close(5000);
  };
  return { tally, store, stop };
};

const kills = ({ tally }: Reporter): number => tally.figures(Date.now()).figures.kills;

describe('the tally of an earlier reporter', () => {
  test('is there after a clean stop, in a file of its own user that is no report', async () => {
    const first = await reporter();
    first.tally.event(kill());
    await first.stop();
    expect(read()).toMatchObject({ format: 'oomwatchd-tally', version: 1, has_ended: true });
    expect(readdirSync(directory)).toEqual(['summary.tally']);
    expect(statSync(file()).mode & 0o137).toBe(0);
    const second = await reporter();
    second.tally.event(kill());
    expect(kills(second)).toBe(2);
    expect(second.store.heads()).toEqual([]);
    expect(await files.list(directory, true)).toEqual([]);
    await second.stop();
    expect(kills(await reporter())).toBe(2);
    expect(notes).toEqual([]);
  });

  test('is there after it was killed: each kill is written at once, and synced once a minute', async () => {
    const first = await reporter();
    first.tally.event(kill());
    await until(() => existsSync(file()));
    const before = readFileSync(file(), 'utf8');
    for (let times = 0; times < 100; times++) first.tally.event(kill());
    await until(() => existsSync(latest()));
    expect(readFileSync(file(), 'utf8')).toBe(before);
    expect(read()).toMatchObject({ has_ended: false });
    const second = await reporter();
    expect(kills(second)).toBe(101);
    await second.stop();
    expect(readdirSync(directory)).toEqual(['summary.tally']);
    expect(kills(await reporter())).toBe(101);
    await first.store.close(5000);
  });

  test.each<[string, string]>([
    ['emptied', ''],
    ['cut off', '{"format":"oomwatchd-tally","version":1,'],
  ])('is that of the last sync where a crash of the host has %s the later one', async (_, left) => {
    const first = await reporter();
    first.tally.event(kill());
    await first.stop();
    writeFileSync(latest(), left);
    const second = await reporter();
    expect(kills(second)).toBe(1);
    expect(notes).toEqual([]);
    await second.stop();
  });

  describe('by the clock', () => {
    let work: ((directory: string) => Promise<void>)[] = [];
    let tally: KeptTally;
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      mkdirSync(directory);
      work = [];
      tally = keepTally({ note: (note) => void notes.push(note), inDirectory: (job) => work.push(job) > 0 });
    });
    afterEach(() => {
      tally.stop();
      vi.useRealTimers();
    });

    /** How many writes come in `forMs`, each of them done at once. */
    const writesIn = async (forMs: number, happens = (): void => undefined): Promise<number> => {
      let writes = 0;
      for (let ms = 0; ms < forMs; ms += 10) {
        happens();
        vi.advanceTimersByTime(10);
        for (const job of work.splice(0)) {
          await job(directory);
          writes++;
        }
      }
      return writes;
    };
    const counts = (): void => tally.event(kill());
    const killsIn = (path: string): number =>
      JSON.parse(readFileSync(path, 'utf8')).hours.reduce(
        (sum: number, hour: HourOfTally) => sum + hour.counts.kills,
        0,
      );

    test('is written four times a second at most', async () => {
      expect(await writesIn(100, counts)).toBe(2);
      expect(await writesIn(10_000, counts)).toBeLessThanOrEqual(40);
      expect(killsIn(latest())).toBeGreaterThan(980);
    });

    test('is synced at the end of the minute though nothing more happens', async () => {
      counts();
      await writesIn(20);
      expect(readdirSync(directory)).toEqual(['summary.tally']);
      counts();
      expect(await writesIn(59_900)).toBe(1);
      expect(readdirSync(directory)).toEqual(['summary.tally', 'summary.tally.latest']);
      expect(await writesIn(200)).toBe(1);
      expect(readdirSync(directory)).toEqual(['summary.tally']);
      expect(killsIn(file())).toBe(2);
      expect(await writesIn(120_000)).toBe(0);
    });
  });

  test('stays when reports are pruned, and when what a crash left half written is removed', async () => {
    const first = await reporter();
    first.tally.event(kill());
    await first.stop();
    writeFileSync(join(directory, '.summary.tally.new'), 'half');
    const second = await reporter();
    expect(await second.store.prune()).toBe(0);
    expect(kills(second)).toBe(1);
    await second.stop();
    expect(readdirSync(directory)).toEqual(['summary.tally']);
  });
});

const good = () => ({
  ...{ format: 'oomwatchd-tally', version: 1, until_ms: Date.now(), has_ended: true },
  hours: [{ hour: Math.floor(Date.now() / HOUR_MS), heard_ms: 1000, counts: { kills: 7 } }],
});

describe('a file', () => {
  const leave = (content: unknown): void => {
    mkdirSync(directory);
    writeFileSync(file(), typeof content === 'string' ? content : JSON.stringify(content));
  };

  test('with counts that are not known, or not there, is taken for what is', async () => {
    const [hour] = good().hours;
    leave({ ...good(), added: 1, hours: [{ ...hour, counts: { kills: 7, deeds: 3 } }] });
    expect(kills(await reporter())).toBe(7);
    expect(notes).toEqual([]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['empty', () => '', /JSON/],
    ['cut off', () => JSON.stringify(good()).slice(0, 50), /JSON/],
    ['a name that acts on a terminal', () => '\x1b[2J', /JSON/],
    ['null', () => null, /no tally of version 1/],
    ['a report', () => ({ format: 'oomwatchd-incident', version: 1 }), /no tally of version 1/],
    ['a later version', () => ({ ...good(), version: 2 }), /no tally of version 1/],
    ['without an end', () => ({ ...good(), until_ms: null }), /not complete/],
    ['hours that are none', () => ({ ...good(), hours: [null] }), /an hour in it/],
    ['too many hours', () => ({ ...good(), hours: Array(26).fill(good().hours[0]) }), /not complete/],
    ['a negative count', () => ({ ...good(), hours: [{ ...good().hours[0], counts: { kills: -1 } }] }), /kills/],
    ['a text as a count', () => ({ ...good(), hours: [{ ...good().hours[0], counts: { terms: '<b>' } }] }), /terms/],
    ['of tomorrow', () => ({ ...good(), until_ms: Date.now() + 24 * HOUR_MS }), /of the future/],
    ['an hour of tomorrow', () => ({ ...good(), hours: [{ ...good().hours[0], hour: 1e9 }] }), /of the future/],
    ['too large', () => ({ ...good(), more: 'x'.repeat(40_000) }), /larger than 32768 bytes/],
  ])('that cannot be used is told once and begun anew: %s', async (_, content, why) => {
    leave(content());
    const first = await reporter();
    expect(kills(first)).toBe(0);
    expect(notes).toMatchObject([{ kind: 'tally_unusable', file: file(), error: expect.stringMatching(why) }]);
    const { level, msg } = noteLine(notes[0] as Note);
    expect(`${level}: ${msg}`).toMatch(/^warn: the figures of the summary begin anew: [ -~]*$/);
    // Also where nothing happens, and whoever ends it.
    await until(() => readFileSync(file(), 'utf8').includes('"has_ended":false'));
    await first.store.close(5000);
    await reporter();
    expect(notes).toHaveLength(1);
  });

  test('that leads elsewhere is not followed, neither to read nor to write', async () => {
    mkdirSync(directory);
    const target = join(folder, 'target');
    writeFileSync(target, JSON.stringify(good()));
    symlinkSync(target, file());
    const first = await reporter();
    first.tally.event(kill());
    await first.stop();
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({ hours: [{ counts: { kills: 7 } }] });
    expect(read()).toMatchObject({ has_ended: true });
    expect(notes).toMatchObject([{ kind: 'tally_unusable', error: expect.stringContaining('ELOOP') }]);
  });
});

describe('a directory', () => {
  test.each([
    ['that is missing', '/proc/nowhere/incidents'],
    ['that is none', '/dev/null'],
  ])('%s is told once, for reports and tally together', async (_, where) => {
    directory = where;
    const first = await reporter();
    for (let times = 0; times < 3; times++) first.tally.event(kill());
    await first.stop();
    expect(notes.map(({ kind }) => kind)).toEqual(['incidents_unwritable']);
    expect(kills(first)).toBe(3);
  });

  test('that hangs has one write wait, and holds up no event', () => {
    const work: unknown[] = [];
    const tally = keepTally({
      note: (note) => void notes.push(note),
      inDirectory: (job) => work.push(job) > 0,
    });
    tally.event(kill());
    for (let times = 0; times < 5; times++) tally.stop();
    expect(work).toHaveLength(2);
    expect(tally.figures(Date.now()).figures.kills).toBe(1);
  });

  test('that there is none of leaves the figures in memory', () => {
    const tally = keepTally({ note: (note) => void notes.push(note), inDirectory: () => false });
    tally.event(kill());
    tally.stop();
    expect([tally.figures(Date.now()).figures.kills, notes]).toEqual([1, []]);
  });
});
