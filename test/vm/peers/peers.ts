// The killers that are compared, each started as its Debian package starts it, without the sandbox of its unit.
import type { Scene, Workload } from '../harness/scene.ts';

/** What the judge starts before the case; oomwatchd is started as in the other cases. */
export interface Peer {
  name: string;
  start: 'daemon' | Workload[];
}

const ROOT = '/tmp/peers';

/** Makes the disk of the peers ready; needs a scene without the daemon. */
export async function mountPeers(scene: Scene): Promise<void> {
  const binds = ['proc', 'sys', 'dev'].map((name) => `mount --bind /${name} ${ROOT}/${name}`);
  await scene.guest.sh(`mkdir -p ${ROOT} && mount -t ext4 /dev/vdc ${ROOT} && ${binds.join(' && ')}`);
}

const nohang = (config: string): Workload[] => [
  { name: 'peer', atMs: 0, command: `exec chroot ${ROOT} /usr/sbin/nohang --monitor --config /etc/nohang/${config}` },
];

export const PEERS: Peer[] = [
  { name: 'none', start: [] },
  // The arguments of /etc/default/earlyoom.
  { name: 'earlyoom', start: [{ name: 'peer', atMs: 0, command: 'exec earlyoom -r 3600' }] },
  { name: 'nohang', start: nohang('nohang.conf') },
  // The package's second configuration, the one that looks at PSI.
  { name: 'nohang-desktop', start: nohang('nohang-desktop.conf') },
  { name: 'oomwatchd', start: 'daemon' },
];
