/** report.listen and report.http together, and the files they name, on real files. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LookAt, lookAtFile } from '../../src/config/http-conflict.ts';
import { policyFromSources } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { TEST_USERS } from '../support/policy.ts';

const problemsIn = (report: string, lookAt?: LookAt): string[] => {
  const loaded = policyFromSources([{ file: 'c.yaml', label: '', text: `report: ${report}` }], TEST_USERS, lookAt);
  return 'errors' in loaded ? loaded.errors.map(formatProblem) : [];
};

describe('an address that others reach', () => {
  test.each(['0.0.0.0:9854', '[::]:9854', '192.0.2.7:9854', '[2001:db8::7]:9854'])(
    '%s is refused without a token or a client_ca',
    (listen) => {
      expect(problemsIn(`{ listen: "${listen}" }`)).toEqual([
        expect.stringMatching(/report\.listen: others than this host reach.*token_file.*127\.0\.0\.1$/),
      ]);
      expect(problemsIn(`{ listen: "${listen}", http: { tls_cert: /c, tls_key: /k } }`)).toHaveLength(1);
      expect(problemsIn(`{ listen: "${listen}", http: { token_file: /t } }`)).toEqual([]);
      expect(problemsIn(`{ listen: "${listen}", http: { tls_cert: /c, tls_key: /k, client_ca: /ca } }`)).toEqual([]);
    },
  );

  test.each(['127.0.0.1:9854', '127.8.0.1:1', '[::1]:9854', 'unix:/run/x.sock', 'off'])('%s needs none', (listen) => {
    expect(problemsIn(`{ listen: "${listen}" }`)).toEqual([]);
  });
});

test.each([
  ['{ http: { tls_cert: /c } }', 'tls_cert and tls_key belong together'],
  ['{ http: { tls_key: /k } }', 'tls_cert and tls_key belong together'],
  ['{ http: { client_ca: /ca } }', 'client_ca needs tls_cert and tls_key'],
  ['{ listen: "unix:/s", http: { tls_cert: /c, tls_key: /k } }', 'a unix socket speaks no TLS'],
  ['{ http: { token_file: token } }', 'it is no full path'],
  ['{ http: { token_file: 5 } }', 'expected "/etc/oomwatchd/NAME" or "off"'],
])('%s is refused', (report, why) => {
  expect(problemsIn(report)).toEqual([expect.stringContaining(why)]);
});

describe('the files that are named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-http-'));
  const file = join(folder, 'token');

  test.each([
    [0o640, ''],
    [0o600, ''],
    [0o644, 'may be used by everybody on this host (mode 644): chmod 640'],
    [0o642, '(mode 642)'],
  ])('of mode %o', (mode, why) => {
    writeFileSync(file, 'x');
    chmodSync(file, mode);
    const problems = problemsIn(`{ http: { token_file: ${file} } }`, lookAtFile);
    expect(problems).toEqual(why === '' ? [] : [expect.stringContaining(why)]);
    // A certificate is public.
    expect(
      problemsIn(`{ http: { tls_cert: ${file}, tls_key: /x } }`, (name) =>
        name === file ? lookAtFile(name) : undefined,
      ),
    ).toEqual([]);
  });

  test('that are missing or folders are told; one that cannot be looked at is left to the daemon', () => {
    mkdirSync(join(folder, 'sub'), { recursive: true });
    for (const name of ['missing', 'sub', 'token/below']) {
      expect(problemsIn(`{ http: { token_file: ${folder}/${name} } }`, lookAtFile)).toEqual([
        expect.stringContaining('is no file'),
      ]);
    }
    expect(problemsIn(`{ http: { token_file: ${folder}/private } }`, () => undefined)).toEqual([]);
    expect(lookAtFile(`${folder}/${'x'.repeat(300)}`)).toBeUndefined();
  });
});
