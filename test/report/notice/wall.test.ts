/** Terminals: the line for journald, and wall(1) that is asked first whether it can reach anybody. */
import { fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/report/logger.ts';
import { documentOfEvent } from '../../../src/report/notice/notice-document.ts';
import { wallJob } from '../../../src/report/notice/wall.ts';
import { signal, stamped } from '../events.ts';
import { REPORT_POLICY } from '../policy.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-wall-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const document = documentOfEvent({ host: 'db1', mode: 'enforce' }, 'signal', stamped(signal));
const never = new AbortController().signal;

describe('by the journal', () => {
  const emergency = async (stream: (fd: number) => string | undefined): Promise<[boolean, string]> => {
    const file = join(folder, 'log');
    const fd = openSync(file, 'w');
    const logger = createLogger(REPORT_POLICY, fd, { JOURNAL_STREAM: stream(fd) });
    const isTold = logger.emergency('SIGKILL to "x\x1b[2J\ny"');
    expect(await logger.close(5000)).toBe(true);
    return [isTold, readFileSync(file, 'utf8')];
  };

  test('a line has its level before it and nothing that a terminal acts on', async () => {
    const told = await emergency((fd) => {
      const { dev, ino } = fstatSync(fd);
      return `${dev}:${ino}`;
    });
    expect(told).toEqual([true, '<0>SIGKILL to "x\\x1b[2J\\ny"\n']);
  });

  test.each([undefined, '', '1:2'])(
    'where standard output is something else (%s), nothing is written',
    async (stream) => {
      expect(await emergency(() => stream)).toEqual([false, '']);
    },
  );
});

describe('by wall(1)', () => {
  const ran: string[] = [];
  const ports = {
    emergency: () => true,
    run: async ({ stdin, argv }: { stdin: string; argv: readonly string[] }) => {
      ran.push(`${argv.join(' ')} ${stdin}`);
      return { result: 'ok', detail: '' } as const;
    },
  };

  test('is not called where it would reach nobody and say nothing of it', async () => {
    const groupFile = join(folder, 'group');
    writeFileSync(groupFile, `root:x:0:\ntty:x:${process.getegid?.()}:\n`);
    expect(await wallJob('command', document, { ...ports, groupFile })?.attempt(never)).toMatchObject({ result: 'ok' });
    expect(ran).toEqual([expect.stringMatching(/^\/usr\/bin\/wall oomwatchd on db1: SIGKILL to java .*\n$/)]);
    if (process.geteuid?.() === 0) return;
    writeFileSync(groupFile, 'tty:x:54321:\n');
    for (const file of [groupFile, join(folder, 'none')]) {
      expect(await wallJob('command', document, { ...ports, groupFile: file })?.attempt(never)).toEqual({
        ...{ result: 'failed', detail: 'the primary group of report.user is not tty' },
      });
    }
    expect(ran).toHaveLength(1);
  });
});

test('nothing is told where it is off', () => {
  const ports = { emergency: () => true, run: () => Promise.reject(new Error('not called')) };
  expect(wallJob('off', document, ports)).toBeUndefined();
});
