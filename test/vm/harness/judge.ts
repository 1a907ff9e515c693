// What the outside observer (workloads/judge.c) saw, as typed values and the few questions the cases ask of it.

export interface RunRecord {
  run: string;
  pid: number;
  startedUs: number;
  /** 0 while it lives. */
  diedUs: number;
  code: number;
  signal: number;
}

export interface Probe {
  beginUs: number;
  /** Infinity when it had not come back by the end of the watch. */
  endUs: number;
}

/** A command that takes longer than this is what people call a hang. */
export const HANG_US = 1_000_000;

export interface MemoryPoint {
  us: number;
  availableKiB: number;
  freeKiB: number;
}

/** Counters by the names of /proc/vmstat, PSI totals in microseconds as memory_some, memory_full, io_some, ... */
export type Counters = Record<string, number>;

export interface Judgement {
  memTotalKiB: number;
  zonePages: { min: number; low: number; high: number };
  runs: RunRecord[];
  probes: Probe[];
  memory: MemoryPoint[];
  counters: Counters[];
}

interface Head {
  mem_total_kib: number;
  zone_pages: Judgement['zonePages'];
  columns: string[];
}

interface RunLine {
  run: string;
  pid: number;
  started: number;
  died: number;
  code: number;
  signal: number;
}

export function parseJudgement(text: string): Judgement {
  const lines = text.trim().split('\n');
  const head = JSON.parse(lines[0] ?? '') as Head;
  const seen: Judgement = {
    memTotalKiB: head.mem_total_kib,
    zonePages: head.zone_pages,
    runs: [],
    probes: [],
    memory: [],
    counters: [],
  };
  for (const line of lines.slice(1)) {
    const value = JSON.parse(line) as RunLine | [string, ...number[]];
    if (!Array.isArray(value)) {
      const { started, died, ...rest } = value;
      seen.runs.push({ ...rest, startedUs: started, diedUs: died });
      continue;
    }
    const [kind, ...numbers] = value;
    const [us = 0, second = 0, third = 0] = numbers;
    if (kind === 'p') seen.probes.push({ beginUs: us, endUs: second || Number.POSITIVE_INFINITY });
    else if (kind === 'm') seen.memory.push({ us, availableKiB: second, freeKiB: third });
    else seen.counters.push(Object.fromEntries(head.columns.map((name, i) => [name, numbers[i] ?? 0])));
  }
  // A probe that had only just begun when the watch ended says nothing.
  const endedUs = seen.memory.at(-1)?.us ?? 0;
  seen.probes = seen.probes.filter((probe) => Number.isFinite(probe.endUs) || endedUs - probe.beginUs > HANG_US);
  return seen;
}

export function runNamed(seen: Judgement, name: string): RunRecord {
  const found = seen.runs.find((run) => run.run === name);
  if (!found) throw new Error(`the judge ran nothing called ${name}`);
  return found;
}

/**
 * The judge's last look before MemAvailable stood at or under the mark for the first time: the crossing came after it,
 * so that a delay counted from here is never counted too short.
 */
export function lastAboveMarkUs(seen: Judgement, markKiB: number): number {
  const crossed = seen.memory.findIndex((point) => point.availableKiB <= markKiB);
  const before = seen.memory[crossed - 1];
  if (!before) throw new Error(`MemAvailable never crossed ${markKiB} KiB under the judge's eyes`);
  return before.us;
}

/** The longest time between two looks of the judge: when this is long, nothing at all ran in the guest. */
export function worstGapMs(seen: Judgement, fromUs: number, toUs: number): number {
  const looks = seen.memory.map((point) => point.us).filter((us) => us >= fromUs && us <= toUs);
  return Math.max(0, ...looks.slice(1).map((us, i) => (us - (looks[i] ?? us)) / 1000));
}

export function counterGrowth(seen: Judgement, name: string): number {
  return (seen.counters.at(-1)?.[name] ?? 0) - (seen.counters[0]?.[name] ?? 0);
}

/** The median probe before `beforeUs`: what calm feels like here. */
export function calmProbeUs(seen: Judgement, beforeUs: number): number {
  const times = seen.probes.filter((probe) => probe.endUs < beforeUs).map((probe) => probe.endUs - probe.beginUs);
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/**
 * From when on the guest is usable: the end of the first probe that began at or after `fromUs`, took less than
 * `limitUs`, and after which `inARow - 1` more did so too, since one lucky command makes no usable server.
 */
export function usableAtUs(seen: Judgement, fromUs: number, limitUs: number, inARow = 3): number | undefined {
  const probes = seen.probes.filter((probe) => probe.endUs > fromUs);
  const quick = (probe: Probe | undefined): boolean => probe !== undefined && probe.endUs - probe.beginUs < limitUs;
  const at = probes.findIndex((_, i) => Array.from({ length: inARow }, (_unused, k) => probes[i + k]).every(quick));
  return probes[at]?.endUs;
}
