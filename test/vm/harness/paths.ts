// Where the harness keeps what it builds, and which kernel the guests run.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const VM = resolve(import.meta.dirname, '..');
export const REPO = resolve(VM, '../..');
export const CACHE = process.env['OOMWATCHD_VM_CACHE'] ?? join(VM, '.cache');

/** Kernel series -> the apt meta package that leads to its newest version. */
const KERNELS: Record<string, string> = {
  '6.1': 'linux-image-cloud-amd64',
  '6.12': 'linux-image-6.12-cloud-amd64',
};

export const KERNEL = process.env['OOMWATCHD_VM_KERNEL'] ?? '6.1';

export function kernelMetaPackage(): string {
  const meta = KERNELS[KERNEL];
  if (!meta) throw new Error(`OOMWATCHD_VM_KERNEL=${KERNEL}: use one of ${Object.keys(KERNELS).join(', ')}`);
  return meta;
}

export function cacheFolder(...parts: string[]): string {
  const path = join(CACHE, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

export function shortHash(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}
