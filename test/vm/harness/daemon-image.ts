// Packs the built daemon into a disk of its own, so that a new build does not cost a new root disk and boot.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeExt4 } from './image.ts';
import { cacheFolder, REPO, shortHash } from './paths.ts';

/** Always the same, whatever is in it: a saved machine expects the disk it knew. */
export const DAEMON_DISK_MIB = 128;

interface Lockfile {
  packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
}

/** What `npm ci --omit=dev` would install, as far as it is installed here. */
function productionModules(): string[] {
  const lock = JSON.parse(readFileSync(join(REPO, 'package-lock.json'), 'utf8')) as Lockfile;
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.dev && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => existsSync(join(REPO, path)));
}

function hashTree(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return shortHash(...paths.flatMap((path) => [path, readFileSync(path)]));
}

export function buildDaemonDisk(): string {
  if (!existsSync(join(REPO, 'dist/main.js'))) throw new Error('dist/ is missing: npm run build');
  const hash = shortHash(hashTree(join(REPO, 'dist')), readFileSync(join(REPO, 'package-lock.json')));
  const images = cacheFolder('images');
  const image = join(images, `daemon-${hash}.img`);
  if (existsSync(image)) return image;
  const root = cacheFolder(`daemon.${process.pid}`);
  for (const path of ['dist', 'package.json', ...productionModules()]) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    cpSync(join(REPO, path), join(root, path), { recursive: true });
  }
  for (const old of readdirSync(images)) if (old.startsWith('daemon-')) rmSync(join(images, old));
  makeExt4(root, image, DAEMON_DISK_MIB);
  rmSync(root, { recursive: true });
  return image;
}
