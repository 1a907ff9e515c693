/** A fake host on which every probe of linux/capabilities is content, for tests that take one thing away. */
import { type FakeTree, fixture } from './fake-proc.ts';

const CGROUP = 'oomwatchd.service';
const ALL_CAPABILITIES = '000001ffffffffff';

export const MOUNTS =
  '21 1 0:19 / /proc rw,relatime - proc proc rw\n24 22 0:21 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';

export const selfStatus = (capabilities = ALL_CAPABILITIES, uid = 0, groups = '0'): string =>
  `Name:\tnode\nState:\tR (running)\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGroups:\t${groups} \nCapEff:\t${capabilities}\n`;

export const limitsText = (memlock: string, files: string): string =>
  fixture('limits-6.12')
    .toString()
    .replace(/^(Max locked memory +)\d+/m, `$1${memlock}`)
    .replace(/^(Max open files +)\d+/m, `$1${files}`);

export const GOOD_HOST: FakeTree = {
  processes: [{ pid: 2, ppid: 0, comm: 'kthreadd', rssKiB: null, flags: 0x208040 }],
  files: {
    'self/status': selfStatus(),
    'self/mountinfo': MOUNTS,
    'self/cgroup': `0::/${CGROUP}\n`,
    'self/maps': fixture('maps-node-6.18').toString(),
    'self/limits': limitsText('unlimited', '65536'),
    'self/oom_score_adj': '-1000\n',
    '1/cgroup': '0::/init.scope\n',
    'sys/kernel/osrelease': '6.12.117+deb12-cloud-amd64\n',
    'sys/kernel/sysrq': '438\n',
    'sys/kernel/dmesg_restrict': '1\n',
    'sys/vm/oom_kill_allocating_task': '0\n',
    'sys/vm/panic_on_oom': '0\n',
    'sys/vm/overcommit_memory': '0\n',
    'sys/vm/swappiness': '60\n',
    'sysrq-trigger': '',
    '../kmsg': '',
    swaps: fixture('swaps-none-6.12').toString(),
  },
  links: { 'self/ns/pid': 'pid:[4026531836]', 'self/ns/user': 'user:[4026531837]' },
  cgroup: {
    [`${CGROUP}/memory.min`]: '134217728\n',
    [`${CGROUP}/memory.swap.max`]: '0\n',
    [`${CGROUP}/memory.max`]: 'max\n',
  },
  sys: { 'kernel/mm/lru_gen/enabled': '0x0007\n', 'kernel/mm/lru_gen/min_ttl_ms': '0\n' },
};
