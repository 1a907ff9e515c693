// Fetches the cloud kernel as a package and unpacks it without installing it.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, cacheFolder, KERNEL, kernelMetaPackage } from './paths.ts';

export interface Kernel {
  release: string;
  vmlinuz: string;
  modules: string;
}

/** In the order they must be loaded; what a kernel has built in is simply not found as a file. */
const BOOT_MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk',
];

const run = (command: string, args: string[], cwd?: string): string =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'pipe'] });

export function fetchKernel(): Kernel {
  const target = join(CACHE, 'kernels', KERNEL);
  if (!existsSync(join(target, 'boot'))) {
    const meta = kernelMetaPackage();
    const depends = /Depends: (linux-image-\S+)/.exec(run('apt-cache', ['depends', meta]))?.[1];
    if (!depends) throw new Error(`${meta} is not among this machine's packages; try apt-get update`);
    const scratch = cacheFolder('kernels', `.${KERNEL}-${process.pid}`);
    run('apt-get', ['download', '-q', depends], scratch);
    const deb = readdirSync(scratch).find((name) => name.endsWith('.deb'));
    if (!deb) throw new Error(`apt-get download ${depends} left no package`);
    run('dpkg-deb', ['-x', deb, 'root'], scratch);
    renameSync(join(scratch, 'root'), target); // atomic: an interrupted run leaves no half kernel
    rmSync(scratch, { recursive: true });
  }
  const vmlinuz = readdirSync(join(target, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (!vmlinuz) throw new Error(`no kernel in ${target}/boot`);
  const release = vmlinuz.slice('vmlinuz-'.length);
  return { release, vmlinuz: join(target, 'boot', vmlinuz), modules: join(target, 'lib/modules', release) };
}

/** Copies the modules a guest needs before it can see its disk, uncompressed, and answers their names in load order. */
export function copyBootModules(kernel: Kernel, folder: string): string[] {
  const found = run('find', [kernel.modules, '-name', 'virtio*.ko*']).split('\n');
  const names: string[] = [];
  for (const name of BOOT_MODULES) {
    const path = found.find((file) => new RegExp(`/${name}\\.ko(\\.xz)?$`).test(file));
    if (!path) continue;
    const to = join(folder, `${name}.ko`);
    if (path.endsWith('.xz')) run('sh', ['-c', 'xz -dc "$1" > "$2"', 'sh', path, to]);
    else run('cp', [path, to]);
    names.push(name);
  }
  return names;
}
