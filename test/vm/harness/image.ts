// Builds what a guest boots from. Programs live on ext4 disks and not in the initramfs, because the pages of an
// initramfs can never be evicted, and a thrash whose own binaries cannot be evicted is no thrash.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { copyBootModules, fetchKernel, installCaseModules, type Kernel } from './kernel.ts';
import { CACHE, cacheFolder, shortHash } from './paths.ts';
import { compileWorkloads, workloadsHash } from './workloads.ts';

/** Size of the file that the thrash and stream workloads read: more than the guest's whole memory. */
const WORKSET_MIB = 768;

/** Twice the guest's memory: swap thrash begins long before swap is full. */
const SWAP_MIB = 1024;

const PROGRAMS = [process.execPath, '/usr/bin/earlyoom', '/usr/bin/strace', '/usr/bin/setpriv'];

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox mount -t devtmpfs dev /dev
for name in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$name.ko; done
i=0
while [ ! -b /dev/vda ] && [ $i -lt 100 ]; do /bin/busybox usleep 50000; i=$((i + 1)); done
/bin/busybox mount -t ext4 -o ro /dev/vda /root || exec /bin/busybox poweroff -f
exec /bin/busybox switch_root /root /opt/vm/agent
`;

const PASSWD = 'root:x:0:0:root:/tmp:/bin/sh\noomwatchd:x:995:995::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n';

const run = (command: string, args: string[], input?: string): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 1 << 26 });

/** Copies a program and every shared library it names, at the same paths. */
function copyProgram(program: string, root: string): void {
  const libraries = run('sh', ['-c', 'ldd "$1" || true', 'sh', program]).match(/\/\S+(?= \()/g) ?? [];
  for (const path of [program, ...libraries]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if (!existsSync(join(root, path))) copyFileSync(path, join(root, path));
  }
}

export function makeExt4(folder: string, image: string, sizeMiB: number): void {
  const scratch = `${image}.${process.pid}`;
  rmSync(scratch, { force: true });
  run('mke2fs', [
    '-q',
    '-t',
    'ext4',
    '-O',
    '^has_journal',
    '-m',
    '0',
    '-E',
    'root_owner=0:0',
    '-d',
    folder,
    scratch,
    `${sizeMiB}M`,
  ]);
  renameSync(scratch, image);
}

/** Builds what is not there yet; older builds of the same kind, told by the name up to the last dash, are dropped. */
function once(path: string, build: () => void): string {
  if (existsSync(path)) return path;
  const kind = basename(path).slice(0, basename(path).lastIndexOf('-') + 1);
  for (const old of readdirSync(dirname(path))) if (old.startsWith(kind)) rmSync(join(dirname(path), old));
  build();
  return path;
}

export function buildInitramfs(kernel: Kernel): string {
  return once(join(cacheFolder('images'), `initramfs-${kernel.release}-${shortHash(INIT)}.gz`), () => {
    const root = cacheFolder(`initramfs.${process.pid}`);
    for (const folder of ['bin', 'modules']) mkdirSync(join(root, folder));
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    writeFileSync(join(root, 'modules/order'), copyBootModules(kernel, join(root, 'modules')).join('\n'));
    writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
    const target = join(CACHE, 'images', `initramfs-${kernel.release}-${shortHash(INIT)}.gz`);
    run('sh', [
      '-c',
      'cd "$1" && find . | cpio -o -H newc --quiet | gzip -1 > "$2.new" && mv "$2.new" "$2"',
      'sh',
      root,
      target,
    ]);
    rmSync(root, { recursive: true });
  });
}

/** The root disk: busybox, node and its libraries, the peers we compare with, the workloads, the kernel's modules. */
export function buildRootDisk(): string {
  const kernel = fetchKernel();
  const sources = ['image.ts', 'kernel.ts'].map((name) => readFileSync(join(import.meta.dirname, name)));
  const name = `root-${kernel.release}-${shortHash(workloadsHash(), PASSWD, ...sources, process.version)}.img`;
  return once(join(cacheFolder('images'), name), () => {
    const root = cacheFolder(`root.${process.pid}`);
    for (const folder of ['bin', 'proc', 'sys', 'dev', 'run', 'tmp', 'etc/oomwatchd', 'opt/vm', 'opt/daemon', 'data'])
      mkdirSync(join(root, folder), { recursive: true });
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of run('/bin/busybox', ['--list']).trim().split('\n'))
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    for (const program of PROGRAMS) copyProgram(program, root);
    installCaseModules(kernel, root);
    compileWorkloads(join(root, 'opt/vm'));
    copyFileSync(join(root, 'opt/vm/leak'), join(root, 'opt/vm/keeper')); // the same program under another path
    writeFileSync(join(root, 'etc/passwd'), PASSWD);
    writeFileSync(join(root, 'etc/group'), PASSWD.replace(/:x:(\d+):.*/g, ':x:$1:'));
    makeExt4(root, join(CACHE, 'images', name), 320);
    rmSync(root, { recursive: true });
  });
}

/** The data disk: one file larger than memory. No page of it may be all zeros, or mke2fs would leave a hole. */
export function buildDataDisk(): string {
  return once(join(cacheFolder('images'), `data-${WORKSET_MIB}.img`), () => {
    const root = cacheFolder(`data.${process.pid}`);
    const file = join(root, 'workset');
    const block = Buffer.alloc(1 << 20, 'working set ');
    for (let i = 0; i < WORKSET_MIB; i++) writeFileSync(file, block, { flag: 'a' });
    makeExt4(root, join(CACHE, 'images', `data-${WORKSET_MIB}.img`), WORKSET_MIB + 64);
    rmSync(root, { recursive: true });
  });
}

/** The swap disk: empty, a hole on this machine; the cases that swap make the area themselves. */
export function buildSwapDisk(): string {
  const path = join(cacheFolder('images'), `swap-${SWAP_MIB}.img`);
  return once(path, () => {
    writeFileSync(`${path}.new`, '');
    truncateSync(`${path}.new`, SWAP_MIB << 20);
    renameSync(`${path}.new`, path);
  });
}
