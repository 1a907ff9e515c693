// Fetches the cloud kernel as a package and unpacks it without installing it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
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

/** On the root disk for modprobe: what makes victims that cannot die, compressed swap with its default compressor, a watchdog. */
const CASE_MODULES = ['dm-mod', 'fuse', 'loop', 'zram', 'lzo-rle', 'softdog'];

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
  const found = moduleFiles(kernel);
  return BOOT_MODULES.filter((name) => {
    const path = found.get(name);
    if (path) unpackModule(path, join(folder, `${name}.ko`));
    return path !== undefined;
  });
}

/** Puts CASE_MODULES and what they depend on under `root`, so that the guest's modprobe finds them. */
export function installCaseModules(kernel: Kernel, root: string): void {
  const found = moduleFiles(kernel);
  const folder = join(root, 'lib/modules', kernel.release);
  mkdirSync(folder, { recursive: true });
  const names = new Set(CASE_MODULES);
  for (const name of names) {
    const path = found.get(name);
    if (!path) continue;
    const file = join(folder, `${name}.ko`);
    unpackModule(path, file);
    for (const other of moduleDepends(file)) names.add(other);
  }
  run('/bin/busybox', ['depmod', '-b', root, kernel.release]);
}

/** Module name, as the kernel writes it in dependencies, -> file. */
function moduleFiles(kernel: Kernel): Map<string, string> {
  const files = run('find', [kernel.modules, '-name', '*.ko*']).trim().split('\n');
  return new Map(files.map((file) => [basename(file).replace(/\.ko(\.xz)?$/, ''), file]));
}

function unpackModule(path: string, to: string): void {
  if (path.endsWith('.xz')) run('sh', ['-c', 'xz -dc "$1" > "$2"', 'sh', path, to]);
  else run('cp', [path, to]);
}

/** The `depends=` string that modpost writes into the section .modinfo (scripts/mod/modpost.c). */
function moduleDepends(file: string): string[] {
  const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1'))?.[1];
  return depends ? depends.split(',') : [];
}
