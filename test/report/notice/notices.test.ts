/** Who is told of what, with real commands and a real server; and what is written into the report of an incident. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NOTICE_KINDS, type NoticeCommand, type NoticesPolicy } from '../../../src/core/notice-policy.ts';
import type { IncidentHead, NoticeResult } from '../../../src/report/incident/incident-head.ts';
import { createNotices, type NoticePorts, type Notices } from '../../../src/report/notice/notices.ts';
import { signal, stamped, victim } from '../events.ts';
import { livelock } from '../livelock-event.ts';
import { until } from '../pipe.ts';
import { closeServers, startHook } from './server.ts';

let folder = '';
let notices: Notices | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-notices-'));
  writeFileSync(join(folder, 'passwd'), 'root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n');
  writeFileSync(join(folder, 'note'), '#!/bin/sh\ncat >"$(mktemp "$1/$2.XXXXXX")"\n');
  chmodSync(join(folder, 'note'), 0o755);
});
afterEach(() => {
  notices?.close();
  notices = undefined;
  closeServers();
  rmSync(folder, { recursive: true, force: true });
});

const command = (name: string, more: Partial<NoticeCommand> = {}): NoticeCommand => ({
  ...{ name, argv: [join(folder, 'note'), folder, name], on: NOTICE_KINDS, timeoutMs: 10_000 },
  ...more,
});

const start = (policy: Partial<NoticesPolicy>, ports: Partial<NoticePorts> = {}) => {
  const results: NoticeResult[] = [];
  const walls: string[] = [];
  notices = createNotices(
    { commands: [], webhooks: [], owners: [], wall: 'off', atOnce: 2, queue: 32, ...policy },
    {
      ...{ host: 'db1', mode: 'enforce', passwdFile: join(folder, 'passwd') },
      result: (result) => results.push(result),
      emergency: (text) => walls.push(text) > 0,
      ...ports,
    },
  );
  return { notices, results, walls };
};

/** Documents that the commands of one name have got. */
const got = (name: string): Record<string, unknown>[] =>
  readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

describe('notices', () => {
  test('go to each command and webhook that wants this kind, with the owner of the victim', async () => {
    const hook = await startHook((response) => response.end());
    const { notices: all, results } = start({
      commands: [command('all'), command('livelocks', { on: ['livelock'] })],
      webhooks: [
        {
          ...{ name: 'chat', url: hook.url, urlFile: '', headersFile: '', caFile: '', template: 'slack' },
          ...{ on: ['signal', 'incident'], timeoutMs: 5000 },
        },
      ],
    });
    all.event(stamped(signal));
    all.event(stamped(livelock));
    await until(() => results.length === 4);
    expect(results.every(({ result }) => result === 'ok')).toBe(true);
    expect(results.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      ...['command all', 'command all', 'command livelocks', 'webhook chat'],
    ]);
    expect(got('livelocks')).toMatchObject([{ kind: 'livelock', summary: expect.stringMatching(/\S/) }]);
    expect(got('all').find(({ kind }) => kind === 'signal')).toMatchObject({
      owner: { uid: 1000, user: 'alice', unit: 'tomcat.service', pid: 4711, comm: 'java' },
    });
    expect(hook.received).toMatchObject([{ body: expect.stringContaining('"text":"*oomwatchd on db1*: SIGKILL') }]);
  });

  test('of a hostile name hold it as data', async () => {
    const { notices: all, results } = start({ commands: [command('all')] });
    const comm = '"; touch /x\n';
    all.event(stamped({ ...signal, victim: { ...signal.victim, comm, unit: '$(id)\x1b[2J', uid: 7 } }));
    await until(() => results.length === 1);
    expect(got('all')[0]?.['owner']).toEqual({
      ...{ uid: 7, user: '', unit: '$(id)\\x1b[2J', pid: 4711, comm: '"; touch /x\\n' },
    });
  });

  test('go to those owners whose user and unit match', async () => {
    const owner = (name: string, uids: readonly number[], unit: readonly string[]) => ({
      ...{ uids, unit, command: command(name), webhook: null },
    });
    const { notices: all, results } = start({
      owners: [
        owner('alice', [1000], []),
        owner('bob', [1001], []),
        owner('tomcats', [], ['tomcat*.service']),
        owner('both', [1000, 5], ['tomcat.service', 'x']),
        owner('neither', [1000], ['postgresql.service']),
      ],
    });
    all.event(stamped(signal));
    all.event(stamped(victim));
    await until(() => results.length === 3);
    expect(results.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      ...['owner alice', 'owner both', 'owner tomcats'],
    ]);
    expect(got('alice')).toMatchObject([{ kind: 'signal', owner: { user: 'alice' } }]);
  });

  test('to terminals are of what is urgent alone, and say so when they cannot be', async () => {
    const { notices: all, results, walls } = start({ wall: 'journal' });
    all.tell('summary', 'info', 'in the last 24 h: nothing', {});
    all.event(stamped(signal));
    await until(() => results.length === 1);
    expect(walls).toEqual([expect.stringMatching(/^oomwatchd on db1: SIGKILL to java/)]);
    expect(results[0]).toMatchObject({ kind: 'wall', name: 'journal', result: 'ok' });
    all.close();

    const without = start({ wall: 'journal' }, { emergency: () => false });
    without.notices.event(stamped(signal));
    await until(() => without.results.length === 1);
    expect(without.results[0]).toMatchObject({ result: 'failed', detail: 'standard output is not the journal' });
    without.notices.close();

    const byCommand = start({ wall: 'command' });
    byCommand.notices.event(stamped(signal));
    await until(() => byCommand.results.length === 1);
    // Whether there is a wall(1), and whether it reaches anybody, is this machine's business.
    expect(byCommand.results[0]).toMatchObject({ kind: 'wall', name: 'command', attempts: 1 });
  });

  test('that come by the clock have their figures', async () => {
    const { notices: all, results } = start({ commands: [command('all')] });
    all.tell('summary', 'info', 'in the last 24 h: 1 SIGKILL', { kills: 1 });
    await until(() => results.length === 1);
    expect(got('all')).toMatchObject([
      { kind: 'summary', summary: 'in the last 24 h: 1 SIGKILL', figures: { kills: 1 } },
    ]);
  });

  test('of an incident are told when it is over, and all results within it get into its report', async () => {
    const noted: [string, NoticeResult][] = [];
    let close: (head: IncidentHead) => void = () => undefined;
    const { notices: all, results } = start({ commands: [command('all')] });
    all.follow({
      onClosed: (listener) => {
        close = listener;
      },
      noteNotices: (id, more) => noted.push(...more.map((result): [string, NoticeResult] => [id, result])),
    });
    const event = stamped(signal);
    const of = (pid: number) => stamped({ ...signal, victim: { ...signal.victim, pid } });
    all.event({ ...of(1), timeMs: event.timeMs - 60_000 });
    all.event(event);
    await until(() => results.length === 2);
    expect(noted).toEqual([]);
    const startedMs = event.timeMs - 1000;
    close({ id: 'one', startedMs, endedMs: event.timeMs + 1000, title: 'it was short', outcome: 'ok', victims: 1 });
    await until(() => noted.length === 2);
    expect(noted.map(([id, { result }]) => `${id} ${result}`)).toEqual(['one ok', 'one ok']);
    expect(got('all').find(({ kind }) => kind === 'incident')).toMatchObject({ summary: 'it was short' });
    // One that is delivered late still belongs to it.
    all.event(of(2));
    await until(() => noted.length === 3);
  });

  test('of an incident get into its report also when others are over meanwhile, and those of the next one wait', async () => {
    const noted: string[] = [];
    let close: (head: IncidentHead) => void = () => undefined;
    const { notices: all, results } = start({ wall: 'journal' });
    all.follow({
      onClosed: (listener) => {
        close = listener;
      },
      noteNotices: (id, more) => noted.push(...more.map(() => id)),
    });
    const { timeMs } = stamped(signal);
    const tell = async (pid: number, after: number): Promise<void> => {
      const before = results.length;
      all.event({ ...stamped({ ...signal, victim: { ...signal.victim, pid } }), timeMs: timeMs + after });
      await until(() => results.length > before);
    };
    const over = (id: string, startedMs: number): void =>
      close({ id, startedMs, endedMs: startedMs + 1000, title: '', outcome: 'ok', victims: 1 });
    over('one', timeMs);
    over('two', timeMs + 2000);
    over('three', timeMs + 4000);
    await tell(1, 500);
    await tell(2, 2500);
    // Begun before the one before it was written down.
    await tell(3, 8500);
    over('four', timeMs + 6000);
    over('five', timeMs + 8000);
    expect(noted).toEqual(['one', 'two', 'five']);
  });

  test('that nobody is to get cost nothing', () => {
    const { notices: all, results } = start({}, { passwdFile: '/nonexistent' });
    all.event(stamped(signal));
    all.tell('summary', 'info', '', {});
    expect(results).toEqual([]);
  });
});
