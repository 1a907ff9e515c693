/** Other daemons that kill for memory. Two of them on one host choose two victims where one would do. */
import { readdirSync } from 'node:fs';
import type { Finding } from '../../core/event.ts';
import { linkOf, ok, type Probe, textOf, warn } from './host.ts';

interface Rival {
  /** As comm shows it, cut at 15 bytes. */
  readonly comm: string;
  readonly unit: string;
}

const RIVALS: readonly Rival[] = [
  { comm: 'earlyoom', unit: 'earlyoom.service' },
  { comm: 'systemd-oomd', unit: 'systemd-oomd.service systemd-oomd.socket' },
  { comm: 'nohang', unit: 'nohang.service' },
  { comm: 'nohang-desktop', unit: 'nohang-desktop.service' },
  { comm: 'oomd', unit: 'oomd.service' },
  { comm: 'bustd', unit: 'bustd.service' },
  { comm: 'low-memory-moni', unit: 'low-memory-monitor.service' },
  { comm: 'thrash-protect', unit: 'thrash-protect.service' },
];

/** Some are scripts: their exe is the interpreter. */
const INTERPRETER = /^(?:python|perl|ruby|bash|sh|dash)[0-9.]*$/;
const DELETED = / \(deleted\)$/;

/** A comm can be anybody's choice, so the executable must fit where it can be read. */
const isCalledSo = (procRoot: string, pid: string, comm: string): boolean => {
  const exe = linkOf(`${procRoot}/${pid}/exe`)?.replace(DELETED, '');
  const name = exe?.slice(exe.lastIndexOf('/') + 1);
  return name === undefined || name.startsWith(comm) || INTERPRETER.test(name);
};

export const probeRivals: Probe = ({ roots }) => {
  const findings: Finding[] = [];
  for (const pid of readdirSync(roots.proc)) {
    if (!/^\d+$/.test(pid)) continue;
    // A process that has gone meanwhile reads as null.
    const comm = textOf(`${roots.proc}/${pid}/comm`);
    const rival = RIVALS.find((candidate) => candidate.comm === comm);
    if (rival === undefined || !isCalledSo(roots.proc, pid, rival.comm)) continue;
    const meaning = 'both may kill for the same shortage, by different policies';
    const remedy = `systemctl disable --now ${rival.unit}`;
    findings.push(warn('other_oom_daemon', `${rival.comm} (pid ${pid})`, meaning, remedy));
  }
  return findings.length > 0
    ? findings
    : [ok('other_oom_daemon', 'none', 'nobody else kills for memory, but the kernel')];
};
