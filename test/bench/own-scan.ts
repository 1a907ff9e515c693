/** The daemon's own scan in a process of its own, with the compiler settings of the daemon: prints CPU ms of each scan. */
import type { Policy } from '../../src/core/policy.ts';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).pathname;

/** Source of the child: loads the build, settles the index, then scans and ranks `times` times. */
export const ownScanScript = (policy: Policy, times: number): string => `
  const { settleCompiler } = await import(${JSON.stringify(dist('commands/daemon/heap.js'))});
  settleCompiler();
  const { openHost, settleIndex } = await import(${JSON.stringify(dist('commands/daemon/host.js'))});
  const { REAL_ROOTS } = await import(${JSON.stringify(dist('linux/root.js'))});
  const { createRanking, rank } = await import(${JSON.stringify(dist('core/select/rank.js'))});
  const { readFileSync } = await import('node:fs');
  const cpu = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  const host = openHost(REAL_ROOTS, ${JSON.stringify(policy)});
  const coldStart = cpu();
  settleIndex(host.index, 1);
  const cold = cpu() - coldStart;
  const ranking = createRanking(host.index.table.capacity, 32);
  const scope = {
    corrections: ${JSON.stringify(policy.select.corrections)}, onlyPid: -1, narrowed: false, minimumKiB: 0,
    admitsUnidentified: false, isVictim: () => false, isRefused: () => false,
  };
  const scans = [];
  for (let i = 0; i < ${times}; i++) {
    const start = cpu();
    host.index.scan();
    rank(ranking, host.index.table, scope);
    scans.push(cpu() - start);
  }
  console.log(JSON.stringify({ cold, scans, known: host.index.table.count }));
`;

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
