/** The pipe by which the reporter asks for a drill, with a real pipe and with a real process that floods it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { readDrillRequests } from '../../src/control/drill-requests.ts';
import { createPipe, until } from '../report/pipe.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What is asked of control, and the end into which a reporter writes. */
const open = (everyMs?: number) => {
  const { readFd, writeFd } = createPipe();
  let asked = 0;
  const requests = readDrillRequests(readFd, () => asked++, everyMs);
  ends.push(requests.close, () => closeSync(writeFd));
  return { writeFd, requests, asked: () => asked };
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a byte is a request, whatever it is', async () => {
  const { writeFd, asked } = open();
  await sleep(50);
  expect(asked()).toBe(0);
  writeSync(writeFd, Buffer.from([0]));
  await until(() => asked() === 1);
});

test('the next is taken after the pause and no sooner, and waits for it in the pipe', async () => {
  const { writeFd, asked } = open(300);
  writeSync(writeFd, 'x');
  await until(() => asked() === 1);
  const begun = performance.now();
  writeSync(writeFd, 'y');
  await until(() => asked() === 2);
  expect(performance.now() - begun).toBeGreaterThan(250);
  await sleep(700);
  expect(asked()).toBe(2);
});

test('a reporter that floods it is heard once, then it fills the pipe and costs nothing any more', async () => {
  const { writeFd, asked } = open();
  const flood = spawn(
    process.execPath,
    [
      '-e',
      `const { writeSync } = require('node:fs');
       const bytes = Buffer.from(JSON.stringify({ kill: 1 }).repeat(400));
       let full = 0;
       const end = Date.now() + 1500;
       while (Date.now() < end) { try { writeSync(3, bytes); } catch { full++; } }
       process.stdout.write(String(full));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit', writeFd] },
  );
  let full = '';
  flood.stdout?.on('data', (chunk) => {
    full += chunk;
  });
  await until(() => asked() === 1);
  const before = process.cpuUsage();
  let turns = 0;
  const beat = setInterval(() => turns++, 10);
  await once(flood, 'close');
  clearInterval(beat);
  const { user, system } = process.cpuUsage(before);
  expect(asked()).toBe(1);
  expect(Number(full)).toBeGreaterThan(100);
  // Of 1.5 s; a loop that read along would take all of it.
  expect((user + system) / 1000).toBeLessThan(500);
  expect(turns).toBeGreaterThan(20);
});

test('a pipe whose other end is gone, and a close in the pause, ask for nothing', async () => {
  const { writeFd, requests, asked } = open(50);
  writeSync(writeFd, 'x');
  await until(() => asked() === 1);
  requests.close();
  const other = createPipe();
  let others = 0;
  const gone = readDrillRequests(other.readFd, () => others++, 10);
  closeSync(other.writeFd);
  await sleep(200);
  gone.close();
  expect([asked(), others]).toEqual([1, 0]);
});
