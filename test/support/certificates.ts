/** Certificates of today for tests of TLS, made by openssl. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const whyNoOpenssl = ((): string => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'there is no openssl in PATH (apt install openssl)';
  }
})();

/** What each is good for, as openssl writes it. Without extendedKeyUsage a certificate is good for both sides. */
const SIGNED = {
  server: 'subjectAltName=IP:127.0.0.1,DNS:localhost',
  'server-only': 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth',
  client: 'subjectAltName=DNS:client\nextendedKeyUsage=clientAuth',
} as const;

/** A folder below `parent` with ca.pem, the authority, and for each of SIGNED a .pem that it has signed and its .key. */
export const certificates = (parent: string): string => {
  const folder = mkdtempSync(join(parent, 'oomwatchd-tls-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '2');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  for (const [name, extensions] of Object.entries(SIGNED)) {
    writeFileSync(join(folder, `${name}.ext`), `${extensions}\n`);
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    chmodSync(join(folder, `${name}.key`), 0o600);
  }
  return folder;
};
