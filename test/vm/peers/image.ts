// The peers that are not on the root disk: a small Debian root of its own on a disk that takes the place of the daemon's,
// made of packages that are unpacked and not installed. Nothing of it is needed by the ordinary cases.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DAEMON_DISK_MIB } from '../harness/daemon-image.ts';
import { makeExt4 } from '../harness/image.ts';
import { cacheFolder, shortHash } from '../harness/paths.ts';

/** nohang and what its interpreter needs; python3's own package only names the version. */
const PACKAGES = ['nohang', 'libc6', 'libexpat1', 'zlib1g', 'libffi8', 'libgcc-s1'];

const run = (command: string, args: string[], cwd?: string): string =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'pipe'] });

function pythonPackages(): string[] {
  const minimal = /PreDepends: (python3\.\d+-minimal)/.exec(run('apt-cache', ['depends', 'python3-minimal']))?.[1];
  if (!minimal) throw new Error('python3-minimal is not among the packages of this machine; try apt-get update');
  return [minimal, `lib${minimal}`, `lib${minimal.replace('-minimal', '-stdlib')}`];
}

export function buildPeersDisk(): string {
  const packages = [...PACKAGES, ...pythonPackages()];
  const image = join(cacheFolder('images'), `peers-${shortHash(...packages)}.img`);
  if (existsSync(image)) return image;
  const scratch = cacheFolder(`peers.${process.pid}`);
  const root = join(scratch, 'root');
  for (const folder of ['proc', 'sys', 'dev', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true });
  run('apt-get', ['download', '-q', ...packages], scratch);
  for (const deb of readdirSync(scratch).filter((name) => name.endsWith('.deb')))
    run('dpkg-deb', ['-x', deb, 'root'], scratch);
  // What the package python3-minimal would be there for.
  run('ln', ['-sf', `${pythonPackages()[0]?.replace('-minimal', '')}`, join(root, 'usr/bin/python3')]);
  makeExt4(root, image, DAEMON_DISK_MIB);
  rmSync(scratch, { recursive: true });
  return image;
}
