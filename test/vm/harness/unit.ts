// What systemd would make of systemd/oomwatchd.service, as far as it concerns memory: read from the shipped file, so
// that the guest shows what the shipped protection is worth and not what it was meant to be.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from './paths.ts';

export interface Unit {
  /** Options of node in ExecStart, before the script. */
  nodeOptions: string[];
  /** Path below the root of the cgroup tree, with the memory.min of each level: it counts only as far as all grant it. */
  levels: { path: string; memoryMin: string }[];
  memorySwapMax: string;
  oomScoreAdj: string;
  /** Not CPUWeight=: the workloads are in the root cgroup, where each process counts as much as a whole slice. */
  nice: string;
  limitMemlock: string;
  limitNofile: string;
  /** "NAME=value" of Environment=. */
  environment: string[];
}

type Settings = Map<string, string>;

function readUnitFile(name: string): Settings {
  const file = join(REPO, 'systemd', name);
  const settings: Settings = new Map();
  if (!existsSync(file)) return settings;
  // A backslash at the end of a line continues it.
  for (const line of readFileSync(file, 'utf8').replaceAll('\\\n', ' ').split('\n')) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.set(key, value.trim());
  }
  return settings;
}

export function readUnit(): Unit {
  const service = readUnitFile('oomwatchd.service');
  const slice = service.get('Slice') ?? 'system.slice';
  const words = (service.get('ExecStart') ?? 'node').split(/\s+/).slice(1);
  const script = words.findIndex((word) => !word.startsWith('-'));
  const levels = [{ path: slice, memoryMin: readUnitFile(slice).get('MemoryMin') ?? '0' }];
  levels.push({ path: `${slice}/oomwatchd.service`, memoryMin: service.get('MemoryMin') ?? '0' });
  return {
    nodeOptions: words.slice(0, Math.max(0, script)),
    levels,
    memorySwapMax: service.get('MemorySwapMax') ?? 'max',
    oomScoreAdj: service.get('OOMScoreAdjust') ?? '0',
    nice: service.get('Nice') ?? '0',
    limitMemlock: (service.get('LimitMEMLOCK') ?? '8M').replace('infinity', 'unlimited'),
    environment: (service.get('Environment') ?? '').split(/\s+/).filter((each) => each !== ''),
    limitNofile: service.get('LimitNOFILE') ?? '524288',
  };
}

/** Shell lines that put the shell, and what it execs, where the unit would. */
export function enterUnit(unit: Unit): string {
  const root = '/sys/fs/cgroup';
  const lines = unit.levels.flatMap(({ path, memoryMin }, i) => [
    `mkdir -p ${root}/${path}; echo ${memoryMin} > ${root}/${path}/memory.min`,
    ...(i + 1 < unit.levels.length ? [`echo +memory > ${root}/${path}/cgroup.subtree_control`] : []),
  ]);
  const own = `${root}/${unit.levels.at(-1)?.path}`;
  const kilobytes = /^(\d+)M$/.exec(unit.limitMemlock)?.[1];
  return [
    ...lines,
    // Where systemd has made a cgroup of the cpu controller, as it does for CPUWeight=, autogroups do not count (sched(7)).
    '[ ! -e /proc/sys/kernel/sched_autogroup_enabled ] || echo 0 > /proc/sys/kernel/sched_autogroup_enabled',
    // The file is missing on kernels without swap accounting.
    `[ ! -e ${own}/memory.swap.max ] || echo ${unit.memorySwapMax} > ${own}/memory.swap.max`,
    `echo $$ > ${own}/cgroup.procs`,
    `echo ${unit.oomScoreAdj} > /proc/self/oom_score_adj; renice -n ${unit.nice} -p $$ > /dev/null`,
    `ulimit -l ${kilobytes ? Number(kilobytes) * 1024 : unit.limitMemlock}; ulimit -n ${unit.limitNofile}`,
  ].join('\n');
}
