/**
 * What a server needs to stay reachable and recoverable. Never by comm, which any process can set.
 *
 * By unit only where a unit holds nothing but its daemon: only root can put a process into a system unit. By program
 * file, run by root, where other people's processes share the unit:
 * - ssh.service holds whole login sessions on hosts without pam_systemd;
 * - containerd.service holds every container when runc uses the cgroupfs driver (containerd/cri issue 1018: pods are
 *   listed inside of it), docker.service likewise; with the systemd driver they are scopes of their own;
 * - guest agents and D-Bus run commands for others as children.
 * Root is asked for because anybody may start /usr/sbin/sshd with a hungry library preloaded. A program inside a
 * container is not the host's file of that path, so its namesakes are not protected.
 */
import type { PolicyRule } from '../core/policy.ts';
import { OOM_SCORE_ADJ_MAX, OOM_SCORE_ADJ_MIN } from './schema/select.ts';

export interface Protection {
  readonly name: string;
  readonly reason: string;
  readonly unit?: readonly string[];
  /** Full paths as /proc/PID/exe shows them on Debian, Ubuntu, RHEL, SUSE, Arch and Alpine. */
  readonly exe?: readonly string[];
  /** Only when root runs it. */
  readonly root?: true;
}

export const BUILTIN_PROTECTION: readonly Protection[] = [
  { name: 'init', reason: 'pid 1: the kernel panics without it', unit: ['init.scope'] },
  {
    name: 'journald',
    reason: 'logs of the incident; services block or lose their output without it',
    unit: ['systemd-journald.service', 'systemd-journald@*.service'],
  },
  {
    name: 'udevd',
    reason: 'device nodes and links; disks that come back are not found without it',
    unit: ['systemd-udevd.service'],
  },
  {
    name: 'udevd-sysv',
    reason: 'as udevd, on hosts without systemd',
    exe: ['/sbin/udevd', '/usr/sbin/udevd'],
    root: true,
  },
  {
    name: 'dbus',
    reason: 'systemctl, logind and NetworkManager talk over it, and it cannot be restarted on a running host',
    unit: ['dbus.service', 'dbus-broker.service'],
    exe: ['/usr/bin/dbus-daemon', '/usr/bin/dbus-broker', '/usr/bin/dbus-broker-launch'],
  },
  { name: 'logind', reason: 'new logins wait for it', unit: ['systemd-logind.service', 'elogind.service'] },
  {
    name: 'sshd',
    reason: 'the way in; killing it or a session process of it cuts off whoever repairs the host',
    exe: [
      '/usr/sbin/sshd',
      '/usr/bin/sshd',
      '/usr/lib/openssh/sshd-*',
      '/usr/libexec/openssh/sshd-*',
      '/usr/lib/ssh/sshd-*',
      '/usr/libexec/ssh/sshd-*',
      '/usr/sbin/dropbear',
    ],
    root: true,
  },
  {
    name: 'network',
    reason: 'addresses, routes and name service of the host',
    unit: [
      'systemd-networkd.service',
      'systemd-resolved.service',
      'NetworkManager.service',
      'wicked*.service',
      'dhcpcd*.service',
      'wpa_supplicant*.service',
    ],
  },
  {
    name: 'dhcp-client',
    reason: 'the address is lost when its lease is not renewed',
    exe: ['/sbin/dhclient', '/usr/sbin/dhclient', '/usr/bin/dhclient', '/usr/sbin/dhcpcd', '/usr/bin/dhcpcd'],
    root: true,
  },
  {
    name: 'container-runtime',
    reason: 'without it no container can be stopped, started or entered, and some end with it',
    exe: [
      '/usr/bin/containerd',
      '/usr/local/bin/containerd',
      '/usr/bin/dockerd',
      '/usr/local/bin/dockerd',
      '/snap/docker/*/bin/dockerd',
      '/snap/docker/*/bin/containerd',
      '/usr/bin/crio',
      '/usr/local/bin/crio',
      '/usr/bin/cri-dockerd',
      '/usr/local/bin/cri-dockerd',
    ],
    root: true,
  },
  {
    // Not containerd-shim-*: the shims of Kata and of WebAssembly run the workload in themselves.
    name: 'container-shim',
    reason: 'holds exit status and terminal of one container, which is lost to its runtime without it',
    exe: [
      '/usr/bin/containerd-shim',
      '/usr/bin/containerd-shim-runc-v*',
      '/usr/local/bin/containerd-shim-runc-v*',
      '/snap/docker/*/bin/containerd-shim-runc-v*',
      '/usr/bin/conmon',
      '/usr/local/bin/conmon',
      '/usr/libexec/podman/conmon',
      '/usr/libexec/crio/conmon',
      '/usr/bin/conmonrs',
    ],
    root: true,
  },
  {
    name: 'kubelet',
    reason: 'the node turns NotReady and its pods are moved away without it',
    unit: ['kubelet.service', 'snap.microk8s.daemon-kubelite.service'],
  },
  {
    name: 'k3s-rke2',
    reason: 'kubelet and container runtime of these distributions',
    exe: [
      '/usr/local/bin/k3s',
      '/usr/local/bin/rke2',
      '/usr/bin/rke2',
      '/var/lib/rancher/*/data/*/bin/k3s',
      '/var/lib/rancher/*/data/*/bin/kubelet',
      '/var/lib/rancher/*/data/*/bin/containerd',
      '/var/lib/rancher/*/data/*/bin/containerd-shim-runc-v*',
    ],
    root: true,
  },
  {
    name: 'lxcfs',
    reason: 'serves /proc to LXC containers; they lose it until they are restarted',
    unit: ['lxcfs.service', 'incus-lxcfs.service'],
  },
  {
    name: 'block-storage',
    reason: 'paths, iSCSI sessions, RAID and LVM events; a disk that fails without them hangs all writes',
    unit: [
      'multipathd.service',
      'iscsid.service',
      'iscsiuio.service',
      'dm-event.service',
      'lvm2-monitor.service',
      'lvmlockd.service',
      'lvm2-lvmlockd.service',
      'mdmonitor.service',
      'mdmon@*.service',
    ],
  },
  {
    name: 'mdmon',
    reason: 'arrays with external metadata stop writing without it; the initramfs starts it outside of any unit',
    exe: ['/sbin/mdmon', '/usr/sbin/mdmon', '/usr/bin/mdmon'],
    root: true,
  },
  {
    name: 'ceph',
    reason: 'storage of other hosts; losing it starts a recovery that needs more memory everywhere',
    unit: ['ceph-osd@*.service', 'ceph-mon@*.service', 'ceph-*@osd.*.service', 'ceph-*@mon.*.service'],
  },
  {
    name: 'gluster',
    reason: 'bricks and mounts; whoever uses a mount without its process gets errors until it is mounted again',
    exe: ['/usr/sbin/glusterfsd', '/usr/bin/glusterfsd'],
    root: true,
  },
  { name: 'zfs', reason: 'ZFS events: without it no spare replaces a failed disk', unit: ['zfs-zed.service'] },
  {
    name: 'nfs',
    reason: 'mounts, locks and recovery of NFS, whose users hang in D without it',
    unit: [
      'rpcbind.service',
      'nfs-mountd.service',
      'nfsdcld.service',
      'nfs-idmapd.service',
      'rpc-statd.service',
      'rpc-gssd.service',
    ],
  },
  {
    name: 'cluster',
    reason: 'the cluster powers the host off when one of these stops answering',
    unit: ['corosync.service', 'sbd.service', 'sanlock.service', 'wdmd.service', 'dlm.service'],
  },
  {
    name: 'watchdog',
    reason: 'the hardware watchdog resets the host when nobody feeds it',
    unit: ['watchdog.service', 'wd_keepalive.service'],
  },
  {
    name: 'auditd',
    reason: 'hosts under audit rules with failure mode 2 panic when records are lost',
    unit: ['auditd.service'],
    exe: ['/sbin/auditd', '/usr/sbin/auditd', '/usr/bin/auditd'],
  },
  {
    name: 'guest-agent',
    reason: 'the way in of the hypervisor or cloud when the network is gone',
    exe: [
      '/usr/sbin/qemu-ga',
      '/usr/bin/qemu-ga',
      '/usr/bin/vmtoolsd',
      '/usr/bin/google_guest_agent*',
      '/usr/bin/amazon-ssm-agent',
      '/usr/bin/ssm-agent-worker',
      '/snap/amazon-ssm-agent/*/amazon-ssm-agent',
      '/snap/amazon-ssm-agent/*/ssm-agent-worker',
    ],
    root: true,
  },
  {
    name: 'oomwatchd',
    reason: 'itself and its reporter; it recognises them by pid as well',
    unit: ['oomwatchd.service'],
  },
  {
    name: 'oom-daemons',
    reason: 'killing another daemon of this kind helps nobody; doctor warns that two of them run',
    unit: ['earlyoom.service', 'systemd-oomd.service', 'nohang.service', 'nohang-desktop.service', 'oomd.service'],
  },
];

/** As rules of the policy, "builtin:NAME". */
export const builtinRules = (): PolicyRule[] =>
  BUILTIN_PROTECTION.map(({ name, reason, unit = [], exe = [], root }) => ({
    id: `builtin:${name}`,
    action: 'protect',
    points: 0,
    reason,
    unit,
    cgroup: [],
    exe,
    comm: [],
    uids: root ? [0] : [],
    oomScoreAdjMin: OOM_SCORE_ADJ_MIN,
    oomScoreAdjMax: OOM_SCORE_ADJ_MAX,
  }));
