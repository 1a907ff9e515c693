/** Whom a kernel would take from the table as it stands, whom oomwatchd would, and what makes the difference. */
import { BECAUSE_WORDS, type Because, type Decision } from '../../core/kernel-model/decision.ts';
import { differenceOf } from '../../core/kernel-model/difference.ts';
import { contextAsSeen } from '../../core/kernel-model/seen.ts';
import { behaviourOf, KERNEL_VERSIONS, type KernelVersion, nearestVersion } from '../../core/kernel-model/versions.ts';
import type { Policy } from '../../core/policy.ts';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { rowBadness, rowSizeKiB } from '../../core/select/badness.ts';
import { CORRECTIONS } from '../../core/select/rules/table.ts';
import { ABSENT } from '../../core/units.ts';
import { parseOsrelease } from '../../linux/proc/osrelease.ts';
import { span } from '../../report/amount.ts';
import { quoted } from '../../report/printable.ts';
import { type Judged, reasonsOf } from './judge.ts';

/** The model for a release ("6.1", "6.1.0-18-amd64", "4.5+patches"); null when it is none. */
export const versionOf = (text: string): KernelVersion | null => {
  const named = KERNEL_VERSIONS.find((version) => version === text);
  if (named !== undefined) return named;
  const release = parseOsrelease(text);
  return release === null ? null : nearestVersion(release.major, release.minor);
};

const hasFlag = (table: ProcessTable, slot: number, flag: number): boolean =>
  ((table.flags[slot] as number) & flag) !== 0;

interface Named {
  readonly pid: number;
  readonly comm: string;
}

const nameOf = (table: ProcessTable, slot: number): Named | null =>
  slot === ABSENT ? null : { pid: table.pid[slot] as number, comm: table.comm[slot] as string };

interface Told {
  readonly outcome: Decision['outcome'];
  readonly process: Named | null;
  readonly because: Because;
}

const toldOf = (table: ProcessTable, { outcome, slot, because }: Decision): Told => ({
  outcome,
  process: nameOf(table, slot),
  because,
});

export interface KernelCase {
  readonly when: 'shortage' | 'sysrq_f';
  readonly kernel: Told;
  /** That kernel with all six patches. */
  readonly patched: Told;
  readonly oomwatchd: {
    /** Who is dying and waited for first; null: nobody, or it is forced. */
    readonly waits_for: Named | null;
    readonly process: Named | null;
  };
  /** Those that change what the kernel does, as the configuration calls them. */
  readonly corrections: readonly { patch: number; id: string; title: string; link: string; enabled: boolean }[];
  /** Why oomwatchd does not take whom the patched kernel takes. */
  readonly reasons: readonly string[];
}

export interface KernelView {
  /** The model that answered. */
  readonly version: KernelVersion;
  /** What was asked for. */
  readonly release: string;
  /** vm.oom_kill_allocating_task; null: could not be read. */
  readonly oom_kill_allocating_task: number | null;
  readonly cases: readonly KernelCase[];
}

/** Who is dying with memory worth the wait; ABSENT: nobody. */
const dyingOf = (table: ProcessTable, minimumKiB: number): number => {
  for (const slot of table.rows.subarray(0, table.count)) {
    const isOver = hasFlag(table, slot, FLAG.GONE | FLAG.NO_MM | FLAG.KTHREAD);
    if (isOver || !hasFlag(table, slot, FLAG.SIGKILL_PENDING | FLAG.EXITING)) continue;
    if (rowSizeKiB(table, slot) >= minimumKiB) return slot;
  }
  return ABSENT;
};

const caseOf = (
  table: ProcessTable,
  policy: Policy,
  judged: Judged,
  version: KernelVersion,
  when: KernelCase['when'],
): KernelCase => {
  const isForced = when === 'sysrq_f';
  const { kernel, patched, patches } = differenceOf(
    behaviourOf(version),
    table,
    contextAsSeen(table, isForced, (slot) => rowBadness(table, slot)),
  );
  const { ranking, minimumKiB } = judged;
  const isNobody = ranking.count === 0 || ranking.abortedBy !== ABSENT;
  const ours = isNobody ? ABSENT : (ranking.order[0] as number);
  const isOther = patched.slot !== ABSENT && patched.outcome !== 'wait' && patched.slot !== ours;
  return {
    when,
    kernel: toldOf(table, kernel),
    patched: toldOf(table, patched),
    oomwatchd: {
      waits_for: isForced ? null : nameOf(table, dyingOf(table, minimumKiB)),
      process: nameOf(table, ours),
    },
    corrections: CORRECTIONS.filter(({ patch }) => patches.includes(patch)).map(({ patch, id, title, link, key }) => ({
      ...{ patch, id, title, link },
      enabled: policy.select.corrections[key],
    })),
    reasons: isOther ? reasonsOf(table, policy, judged, patched.slot) : [],
  };
};

export const kernelView = (
  table: ProcessTable,
  policy: Policy,
  judged: Judged,
  version: KernelVersion,
  release: string,
  oomKillAllocatingTask: number,
): KernelView => ({
  version,
  release,
  oom_kill_allocating_task: oomKillAllocatingTask === ABSENT ? null : oomKillAllocatingTask,
  cases: (['shortage', 'sysrq_f'] as const).map((when) => caseOf(table, policy, judged, version, when)),
});

const who = ({ pid, comm }: Named): string => `${quoted(comm)} (pid ${pid})`;

const DOES: Readonly<Record<Decision['outcome'], (name: string) => string>> = {
  kill: (name) => `kills ${name}`,
  wait: (name) => `waits for ${name} and kills nobody`,
  nothing: (name) => (name === '' ? 'kills nobody' : `selects ${name}, and nobody dies of it`),
  panic: () => 'panics',
};

const kernelWords = ({ outcome, process, because }: Told): string =>
  `${DOES[outcome](process === null ? '' : who(process))}, because ${BECAUSE_WORDS[because]}`;

const WHEN: Readonly<Record<KernelCase['when'], string>> = { shortage: 'in a shortage', sysrq_f: 'by SysRq-f' };

const caseWords = (each: KernelCase, policy: Policy): string => {
  const { process, waits_for } = each.oomwatchd;
  const takes = process === null ? 'takes nobody' : `takes ${who(process)}`;
  const timeout = span(policy.act.victimTimeoutMs);
  const waits = waits_for === null ? '' : `waits for ${who(waits_for)}, for ${timeout} at the most, then `;
  const line = (label: string, text: string): string => `  ${label.padEnd(18)}${text}\n`;
  const corrections = each.corrections.map(({ patch, id, title, link, enabled }) =>
    line('  the difference', `patch ${patch}, ${id}${enabled ? '' : ' (switched off)'}: ${title} ${link}`),
  );
  const reasons = each.reasons.map((reason) => line('  and besides', reason));
  return [
    line(WHEN[each.when], kernelWords(each.kernel)),
    line('  oomwatchd', `${waits}${takes}`),
    ...corrections,
    ...reasons,
  ].join('');
};

/** For people, a paragraph. */
export const kernelWordsOf = (view: KernelView, policy: Policy): string => {
  const { version, release, oom_kill_allocating_task: sysctl } = view;
  const head = version === release ? `the kernel ${version}` : `the kernel ${release}, by the model of ${version},`;
  const allocating =
    sysctl === null || sysctl === 0
      ? ''
      : `  vm.oom_kill_allocating_task is ${sysctl}: in a shortage it kills whoever allocates instead (patch 6)\n`;
  return `${head} would choose so\n${allocating}${view.cases.map((each) => caseWords(each, policy)).join('')}`;
};
