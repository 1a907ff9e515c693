/** Prints numbers as the kernel's files show them; the inverse of linux/proc. */

const MEMINFO: Readonly<Record<string, number>> = {
  ...{ MemTotal: 8_000_000, MemFree: 4_000_000, MemAvailable: 6_000_000, Buffers: 3480, Cached: 2_000_000 },
  ...{ 'Active(file)': 900_000, 'Inactive(file)': 1_000_000, Mlocked: 0, SwapTotal: 0, SwapFree: 0 },
  ...{ Dirty: 120, Writeback: 0, AnonPages: 1_400_000, Shmem: 8788, SUnreclaim: 22_372, PageTables: 15_320 },
  ...{ Hugetlb: 0 },
};

export const meminfoText = (fields: Readonly<Record<string, number>>): string =>
  Object.entries({ ...MEMINFO, ...fields })
    .map(([name, kib]) => `${`${name}:`.padEnd(15)} ${String(kib).padStart(8)} kB\n`)
    .join('');

const VMSTAT: Readonly<Record<string, number>> = {
  ...{ nr_free_pages: 1_000_000, workingset_refault_anon: 0, workingset_refault_file: 0, workingset_activate_file: 0 },
  ...{ pswpin: 0, pswpout: 0, allocstall_dma: 0, allocstall_dma32: 0, allocstall_normal: 0, allocstall_movable: 0 },
  ...{ pgmajfault: 0, pgsteal_kswapd: 0, pgsteal_direct: 0, pgscan_kswapd: 0, pgscan_direct: 0 },
  ...{ pgscan_direct_throttle: 0, oom_kill: 0 },
};

export const vmstatText = (fields: Readonly<Record<string, number>>): string =>
  Object.entries({ ...VMSTAT, ...fields })
    .map(([name, count]) => `${name} ${count}\n`)
    .join('');

export interface PressureNumbers {
  someUs?: number;
  fullUs?: number;
  someAvg10?: number;
  fullAvg10?: number;
}

export const pressureText = (numbers: PressureNumbers): string =>
  (['some', 'full'] as const)
    .map((kind) => {
      const avg10 = (numbers[`${kind}Avg10`] ?? 0).toFixed(2);
      return `${kind} avg10=${avg10} avg60=0.00 avg300=0.00 total=${numbers[`${kind}Us`] ?? 0}\n`;
    })
    .join('');

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk sleep',
  Z: 'zombie',
  I: 'idle',
};

export interface StatusNumbers {
  pid: number;
  comm: string;
  state: string;
  ppid: number;
  uid: number;
  rssKiB: number | null;
  swapKiB: number;
  pageTablesKiB: number;
  threads: number;
  sigkillPending: boolean;
}

const kib = (name: string, value: number): string => `${name}:\t${String(value).padStart(8)} kB`;

export const pidStatusText = (process: StatusNumbers): string => {
  const memory =
    process.rssKiB === null
      ? []
      : [
          kib('VmPeak', process.rssKiB * 2),
          kib('VmRSS', process.rssKiB),
          kib('RssAnon', process.rssKiB),
          kib('RssFile', 0),
          kib('RssShmem', 0),
          kib('VmPTE', process.pageTablesKiB),
          kib('VmSwap', process.swapKiB),
          'CoreDumping:\t0',
        ];
  return [
    `Name:\t${process.comm.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
    'Umask:\t0022',
    `State:\t${process.state} (${STATES[process.state] ?? 'dead'})`,
    `Tgid:\t${process.pid}`,
    `Pid:\t${process.pid}`,
    `PPid:\t${process.ppid}`,
    `Uid:\t${process.uid}\t${process.uid}\t${process.uid}\t${process.uid}`,
    'Groups:\t4 24 27 ',
    ...memory,
    `Threads:\t${process.threads}`,
    'SigQ:\t0/1838',
    'SigPnd:\t0000000000000000',
    `ShdPnd:\t${process.sigkillPending ? '0000000000000100' : '0000000000000000'}`,
    'CapEff:\t0000000000000000',
    '',
  ].join('\n');
};

export interface StatNumbers {
  pid: number;
  comm: string;
  state: string;
  ppid: number;
  flags: number;
  threads: number;
  startTimeTicks: number;
  rssKiB: number | null;
  majorFaults?: number;
  utimeTicks?: number;
  pendingMask?: number;
}

export const pidStatText = (process: StatNumbers): string => {
  const bytes = (process.rssKiB ?? 0) * 2048;
  const { majorFaults = 3, utimeTicks = 0, pendingMask = 0 } = process;
  const counters = `0 0 0 -1 ${process.flags} 49 0 ${majorFaults} 0 ${utimeTicks} 0 0 0 20 0 ${process.threads} 0 ${process.startTimeTicks} ${bytes}`;
  const rest = `${Math.floor((process.rssKiB ?? 0) / 4)} 18446744073709551615${' 0'.repeat(5)} ${pendingMask}${' 0'.repeat(21)}`;
  return `${process.pid} (${process.comm}) ${process.state} ${process.ppid} ${counters} ${rest}\n`;
};
