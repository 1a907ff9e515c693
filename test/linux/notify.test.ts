/** sd_notify(3) against a real receiver: systemd's end is a datagram socket that python3 or libc can open. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createNotifier, sockaddrUn } from '../../src/linux/notify.ts';
import { openNotifySocket } from '../e2e/notify-socket.ts';
import { needs } from '../support/native/skip.ts';

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fdCount = (): number => readdirSync('/proc/self/fd').length;

describe('sockaddrUn', () => {
  it('is the family and the path with its NUL', () => {
    expect([...(sockaddrUn('/run/x') ?? [])]).toEqual([1, 0, ...Buffer.from('/run/x\0')]);
  });

  it('begins with a NUL in the abstract namespace, and has none at its end', () => {
    expect([...(sockaddrUn('@x y') ?? [])]).toEqual([1, 0, 0, ...Buffer.from('x y')]);
  });

  it.each([
    ['', null],
    ['x'.repeat(107), 110],
    ['x'.repeat(108), null],
    [`@${'x'.repeat(106)}`, 109],
    ['€'.repeat(36), null],
    ['€'.repeat(35), 108],
  ])('takes what fits into 108 bytes (%#)', (path, length) => expect(sockaddrUn(path)?.length ?? null).toBe(length));
});

const RECEIVER = `
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
path = sys.argv[1]
server.bind('\\0' + path[1:] if path.startswith('@') else path)
print('bound', flush=True)
while True:
    print(server.recv(65536).hex(), flush=True)
`;

describe('a notifier', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  it.for([
    ['a path', join(folder, 'notify')],
    ['a path as long as it may be', join(folder, 'n'.repeat(107 - folder.length - 1))],
    ['the abstract namespace', `@oomwatchd-test-${process.pid}`],
  ] as const)('sends each message as one datagram, byte by byte, to %s', async ([, address], context) => {
    const python = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    running.push(python);
    const hasStarted = await Promise.race([
      once(python, 'spawn').then(() => true),
      once(python, 'error').then(() => false),
    ]);
    needs(context, hasStarted, 'no python3');
    const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('bound');
    const notifier = createNotifier(address, () => true);
    const messages = ['READY=1\nSTATUS=observe, ünd €', 'WATCHDOG=1', '\0\xff', 'x'.repeat(4000)];
    for (const message of messages) {
      notifier.send(Buffer.from(message));
      expect(Buffer.from((await lines.next()).value, 'hex').toString()).toBe(message);
    }
    notifier.close();
  });

  it('sends nothing without an address or with one that is unusable, and opens nothing', () => {
    const before = fdCount();
    for (const address of [undefined, '', 'x'.repeat(108), `@${'x'.repeat(200)}`]) {
      const notifier = createNotifier(address, () => true);
      expect(fdCount()).toBe(before);
      notifier.send(Buffer.from('READY=1'));
      notifier.close();
    }
  });

  it.each(['/no/such/socket', join(folder, 'plain'), folder, '@nobody-listens-here', 'relative'])(
    'does not mind when nobody listens at %s',
    (address) => {
      writeFileSync(join(folder, 'plain'), '');
      const before = fdCount();
      const notifier = createNotifier(address, () => true);
      for (let times = 0; times < 3; times++) notifier.send(Buffer.from('WATCHDOG=1'));
      notifier.close();
      expect(fdCount()).toBe(before);
    },
  );

  it('does not mind a socket of another kind', async () => {
    const path = join(folder, 'stream');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const notifier = createNotifier(path, () => true);
    notifier.send(Buffer.from('READY=1'));
    notifier.close();
    server.close();
    await once(server, 'close');
    expect(existsSync(path)).toBe(false);
  });

  it('never waits for a receiver that does not read', () => {
    const socket = openNotifySocket();
    const notifier = createNotifier(socket.address, () => true);
    const before = performance.now();
    for (let times = 0; times < 5000; times++) notifier.send(Buffer.from(`WATCHDOG=1\nSTATUS=${times}`));
    expect(performance.now() - before).toBeLessThan(2000);
    const kept = socket.messages();
    expect(kept[0]).toBe('WATCHDOG=1\nSTATUS=0');
    expect(kept.length).toBeLessThan(5000);
    // And when it reads again, it hears again.
    notifier.send(Buffer.from('STOPPING=1'));
    expect(socket.messages().at(-1)).toBe('STOPPING=1');
    notifier.close();
    socket.close();
  });
});
