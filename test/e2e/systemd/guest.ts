/** A guest with Debian's systemd in which the service is installed as README.md says, booted once, and what it printed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { copyBootModules, fetchKernel, type Kernel } from '../../vm/harness/kernel.ts';
import { cacheFolder, REPO, shortHash } from '../../vm/harness/paths.ts';
import { installation, writeDocumented } from './documented.ts';

const SUITE = process.env['OOMWATCHD_DEBIAN'] ?? 'bookworm';
/** The last three are what the commands of the documents need beside it. */
const PACKAGES = 'systemd,systemd-sysv,dbus,procps,libstdc++6,kmod,jq,openssl,curl';
const MEMORY_MIB = 1024;
const DISK_MIB = 1200;
const BOOT_LIMIT_MS = 900_000;

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox mount -t devtmpfs dev /dev
for name in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$name.ko; done
i=0
while [ ! -b /dev/vda ] && [ $i -lt 100 ]; do /bin/busybox usleep 50000; i=$((i + 1)); done
/bin/busybox mount -t ext4 -o rw /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
`;

const INSIDE_UNIT = `[Unit]
After=oomwatchd.service
[Service]
Type=oneshot
ExecStart=/bin/bash /inside.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
`;

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });

/** Why this machine cannot do it, '' when it can. */
export const impossible = (): string => {
  if (process.getuid?.() !== 0) return 'not root';
  for (const program of ['debootstrap', 'qemu-system-x86_64', 'mke2fs', 'cpio']) {
    try {
      run('sh', '-c', `command -v ${program}`);
    } catch {
      return `${program} is not here`;
    }
  }
  return existsSync('/bin/busybox') ? '' : 'busybox is not here';
};

/** The bare system, made once for each Debian release and list of packages. */
const buildBase = (): string => {
  const base = join(cacheFolder(), `debian-${SUITE}-${shortHash(PACKAGES)}`);
  if (existsSync(base)) return base;
  const scratch = `${base}.new`;
  rmSync(scratch, { recursive: true, force: true });
  run('debootstrap', '--variant=minbase', `--include=${PACKAGES}`, SUITE, scratch);
  for (const folder of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale']) {
    rmSync(join(scratch, folder), { recursive: true });
  }
  renameSync(scratch, base);
  return base;
};

const enable = (root: string, unit: string, path: string): void => {
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  rmSync(join(wants, unit), { force: true });
  symlinkSync(path, join(wants, unit));
};

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/** What `npm prune --omit=dev` leaves. */
const productionModules = (): string[] => {
  const lock: Lockfile = JSON.parse(readFileSync(join(REPO, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.dev && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => existsSync(join(REPO, path)));
};

/** Source maps and types are never read, and each file costs the guest's cp as much as one that is. */
const isRead = (path: string): boolean => !/\.(map|[cm]?ts)$/.test(path);

/** A clone as `npm ci && npm run build && npm prune --omit=dev` leaves it. */
const bringClone = (clone: string): void => {
  const files = ['dist', 'config', 'systemd', 'package.json', 'README.md', 'OPERATING.md', 'LIVELOCKS.md', 'LICENSE'];
  for (const path of [...files, ...productionModules()]) {
    mkdirSync(join(clone, dirname(path)), { recursive: true });
    cpSync(join(REPO, path), join(clone, path), { recursive: true, filter: isRead });
  }
};

/** As README.md says, before the first boot: what needs the service manager is typed in the guest. */
const install = (root: string): void => {
  const lines = installation.filter((line) => !/^(systemctl|systemd-\w+|oomwatchd) /.test(line));
  run('chroot', root, 'sh', '-ec', ['cd /clone', ...lines].join('\n'));
  run('systemd-sysusers', `--root=${root}`);
  enable(root, 'oomwatchd.service', '/usr/lib/systemd/system/oomwatchd.service');
};

const buildDisk = (kernel: Kernel): string => {
  const root = join(cacheFolder(), `systemd.${process.pid}`);
  run('cp', '-a', buildBase(), root);
  bringClone(join(root, 'clone'));
  install(root);
  writeDocumented(join(root, 'documented'));
  copyFileSync(process.execPath, join(root, 'usr/bin/node'));
  copyFileSync('/bin/busybox', join(root, 'usr/bin/busybox'));
  mkdirSync(join(root, 'lib/modules'));
  run('cp', '-r', kernel.modules, join(root, 'lib/modules'));
  run('chroot', root, 'depmod', kernel.release);
  copyFileSync(join(import.meta.dirname, 'inside.sh'), join(root, 'inside.sh'));
  writeFileSync(join(root, 'etc/systemd/system/inside.service'), INSIDE_UNIT);
  enable(root, 'inside.service', '/etc/systemd/system/inside.service');
  for (const unit of ['getty@tty1.service', 'serial-getty@ttyS0.service']) {
    symlinkSync('/dev/null', join(root, 'etc/systemd/system', unit));
  }
  writeFileSync(join(root, 'etc/fstab'), '/dev/vda / ext4 rw 0 1\n');
  writeFileSync(join(root, 'etc/hostname'), 'guest\n');
  const image = join(cacheFolder('images'), 'systemd.img');
  rmSync(image, { force: true });
  run('mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-d', root, image, `${DISK_MIB}M`);
  rmSync(root, { recursive: true });
  return image;
};

const buildInitramfs = (kernel: Kernel): string => {
  const root = cacheFolder(`systemd-initramfs.${process.pid}`);
  const image = join(cacheFolder('images'), 'systemd-initramfs.gz');
  for (const folder of ['bin', 'modules']) mkdirSync(join(root, folder));
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  writeFileSync(join(root, 'modules/order'), copyBootModules(kernel, join(root, 'modules')).join('\n'));
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  run('sh', '-c', 'cd "$1" && find . | cpio -o -H newc --quiet | gzip -1 > "$2"', 'sh', root, image);
  rmSync(root, { recursive: true });
  return image;
};

/** Boots the guest, which runs inside.sh and powers off. Its console by parts: lines that follow "=== name". */
export const bootAndListen = async (): Promise<Map<string, string[]>> => {
  const kernel = fetchKernel();
  const machine = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', String(MEMORY_MIB), '-no-reboot'];
  const boot = ['-kernel', kernel.vmlinuz, '-initrd', buildInitramfs(kernel)];
  const disk = ['-drive', `file=${buildDisk(kernel)},format=raw,if=virtio,snapshot=on`, '-net', 'none', '-nographic'];
  const line = ['-append', 'console=ttyS0 quiet panic=-1 systemd.show_status=0'];
  const qemu = spawn('qemu-system-x86_64', [...machine, ...boot, ...disk, ...line], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const transcript = createWriteStream(join(cacheFolder(), 'systemd-console.txt'));
  qemu.stdout.on('data', (chunk) => {
    text += chunk;
    transcript.write(chunk);
  });
  const deadline = setTimeout(() => qemu.kill('SIGKILL'), BOOT_LIMIT_MS);
  await once(qemu, 'close');
  clearTimeout(deadline);
  transcript.end();
  const parts = new Map<string, string[]>();
  let part: string[] = [];
  for (const raw of text.split('\n')) {
    const told = raw.replaceAll('\r', '');
    const name = /=== (\w+)$/.exec(told)?.[1];
    if (name !== undefined) {
      part = [];
      parts.set(name, part);
    } else part.push(told);
  }
  if (!parts.has('end')) throw new Error(`the guest did not come to its end; its console:\n${text.slice(-4000)}`);
  return parts;
};
