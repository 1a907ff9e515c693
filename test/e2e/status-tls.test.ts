/** `oomwatchd status` and `top` where the port asks for client certificates: the built daemon in mode observe. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/exit.ts';
import { certificates, whyNoOpenssl } from '../support/certificates.ts';
import { cleanUp, command, ready, startDaemon, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';
import { skipBecause } from './skip.ts';

afterEach(cleanUp);

const PORT = 9850;

/** Starts a daemon that shows `cert` and lets in whom its authority has signed; gives its configuration and the folder. */
const start = async (cert: 'server' | 'server-only'): Promise<{ file: string; made: string }> => {
  const listen = `127.0.0.1:${PORT}`;
  const file = writeConfig({ mode: 'observe', level: 'none', only: [join(folder(), 'nobody')], listen });
  const made = certificates(folder());
  const own = (name: string): string => JSON.stringify(join(made, name));
  chmodSync(made, 0o755);
  // The reporter is another user when the test is root, and reads the key as that user.
  chmodSync(join(made, `${cert}.key`), 0o640);
  if (process.getuid?.() === 0) chownSync(join(made, `${cert}.key`), 65_534, 65_534);
  mkdirSync(`${file}.d`);
  const http = `tls_cert: ${own(`${cert}.pem`)}, tls_key: ${own(`${cert}.key`)}, client_ca: ${own('ca.pem')}`;
  writeFileSync(join(`${file}.d`, '50.yaml'), `report: { http: { ${http} } }\n`);
  const daemon = await ready(startDaemon(file));
  await daemon.line('report_listening');
  return { file, made };
};

describe('a port with client_ca', { timeout: 120_000 }, () => {
  test('answers status, status --check and top, which show the certificate of the daemon', async (context) => {
    skipBecause(context, whyNoOpenssl);
    const { file } = await start('server');
    const told = await command(['status', '--config', file]);
    expect(told).toMatchObject({ code: EXIT.OK, stderr: '' });
    expect(told.stdout).toContain('observe mode: decides and logs, signals nobody');
    // What this host does not let it read is a warning.
    expect((await command(['status', '--check', '--config', file])).stdout).toMatch(/^OOMWATCHD (OK|WARNING): /);
    expect(await command(['top', '--config', file])).toMatchObject({ code: EXIT.OK, stderr: '' });
  });

  test('that refuses the certificate of the daemon as one of a client is opened by another', async (context) => {
    skipBecause(context, whyNoOpenssl);
    const { file, made } = await start('server-only');
    const { code, stdout, stderr } = await command(['status', '--config', file]);
    expect([code, stdout]).toEqual([EXIT.UNAVAILABLE, '']);
    expect(stderr).toMatch(
      /^oomwatchd: the daemon at 127\.0\.0\.1:\d+ hung up \([A-Z_]+\): it lets in nobody without /,
    );
    expect(stderr).toContain(`that ${join(made, 'ca.pem')} (report.http.client_ca) has signed`);
    expect(stderr).toContain(
      `was shown ${join(made, 'server-only.pem')}: name another with --client-cert and --client-key`,
    );
    const line = await command(['status', '--check', '--config', file]);
    expect([line.code, line.stdout]).toEqual([2, stderr.replace('oomwatchd: ', 'OOMWATCHD CRITICAL: ')]);

    const own = (cert: string, key = cert): string[] => [
      ...['--config', file, '--client-cert', join(made, `${cert}.pem`), '--client-key', join(made, `${key}.key`)],
    ];
    expect(await command(['status', ...own('client')])).toMatchObject({ code: EXIT.OK, stderr: '' });
    expect(await command(['top', ...own('client')])).toMatchObject({ code: EXIT.OK, stderr: '' });
    expect((await command(['status', ...own('none')])).stderr).toContain('(ENOENT): there is no such file');
    expect((await command(['status', ...own('client', 'ca')])).stderr).toContain('cannot be shown with the key');
    const half = await command(['status', '--client-key', join(made, 'client.key')]);
    expect(half).toMatchObject({
      code: EXIT.USAGE,
      stderr: 'oomwatchd: --client-cert and --client-key belong together\n',
    });
  });
});
