/**
 * What README.md and OPERATING.md tell an operator to type on a host with systemd, as it stands there. The guest gets it as
 * files of one command a line, by the situation in which it is tried, and tells how each of them ended.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksIn, codeSpans, commandsIn, read, section, shellCommands } from '../../docs/page.ts';
import { REPO } from '../../vm/harness/paths.ts';

const PAGES = ['README.md', 'OPERATING.md'];
const UNITS = join(REPO, 'systemd');

/** Without npm, for which the guest has no network: the clone is brought as npm leaves it. */
export const installation = commandsIn(section('README.md', 'Install')).filter((line) => !line.startsWith('npm '));
const access = section('OPERATING.md', 'HTTP access');
const token = commandsIn(access);
const textfile = commandsIn(section('OPERATING.md', 'Textfile'));
const [removeOld = '', ...startNew] = commandsIn(section('OPERATING.md', 'Upgrade'));
const removal = commandsIn(section('OPERATING.md', 'Remove'));
/** It opens an editor: the guest has one that writes what the page shows below it. */
const EDIT = 'systemctl edit oomwatchd';

/** Each drop-in, as the page says it of one of them, to where its own head says that it belongs. */
const [example = '', ...afterwards] = commandsIn(section('OPERATING.md', 'Drop-ins of the unit'));
const dropIns = readdirSync(UNITS)
  .filter((name) => name.endsWith('.conf'))
  .map((name) => {
    const [, path = ''] =
      /^# (?:.* )?(\/etc\/systemd\/\S+\.conf)$/m.exec(readFileSync(join(UNITS, name), 'utf8')) ?? [];
    return example.replace(/\w+\.conf (\S+)$/, `${name} ${path}`);
  });

/**
 * What is asked of systemd and its journal while the daemon runs and has seen an incident. What `oomwatchd` itself answers needs
 * no systemd, and is asked in test/e2e.
 */
const running = (): string[] => {
  const inBlocks = PAGES.flatMap(shellCommands);
  const inText = PAGES.flatMap(codeSpans);
  const elsewhere = new Set([...installation, ...token, ...textfile, ...afterwards, ...startNew, ...removal, EDIT]);
  const asked = [...inBlocks, ...inText].filter((line) => /^(systemctl|journalctl|systemd-\w+|curl) /.test(line));
  return [...new Set(asked)].filter((line) => !elsewhere.has(line));
};

/** Remedies for a unit, of which a page can only say UNIT. */
const UNIT = 'sleeper.service';
const remedies = read('LIVELOCKS.md').match(/systemctl [a-z-]+(?: -\S+(?: [A-Z]+)?)? UNIT(?: \w+=\w+)?/g) ?? [];
const isKill = (command: string): boolean => command.startsWith('systemctl kill ');

/** By the situation of the guest in which they are typed (inside.sh). */
export const DOCUMENTED = {
  running: running(),
  // Whoever is killed first can be helped no more.
  remedied: [...new Set(remedies)]
    .sort((a, b) => Number(isKill(a)) - Number(isKill(b)))
    .map((command) => command.replace('UNIT', UNIT)),
  removed: removal,
  installed: installation,
  drop_ins: [...new Set([...dropIns, ...textfile])],
  exposed: token,
  // Both say that it is to be started anew: once is enough. And doctor has had its say at the installation.
  upgraded: [EDIT, removeOld, ...installation.filter((line) => line !== 'oomwatchd doctor'), ...startNew],
} as const;

/** What is to be written into files, beside the commands. */
const FILES = {
  // What asks for the drop-ins.
  'drop_ins.yaml': `mode: enforce
act: { last_resort: watchdog, sysrq_f: directed }
select: { protect: [{ exe: /srv/leaker/keep }] }
remedies: { thaw_cgroup: true, thaw_file_system: true, fuse_abort: true, lift_memory_high: true }
`,
  'access.yaml': blocksIn(access, 'yaml')[0] ?? '',
  'network.conf': blocksIn(access, 'ini')[0] ?? '',
} as const;

export const writeDocumented = (folder: string): void => {
  mkdirSync(folder);
  for (const [name, lines] of Object.entries(DOCUMENTED)) writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
};

/** A command that was typed in the guest: its exit code and the last lines that it said. */
export interface Typed {
  readonly command: string;
  readonly code: number;
  readonly said: readonly string[];
}

/** From the lines of a part of the console: "$ command", what it said, "-> code". */
export const typedIn = (lines: readonly string[]): Typed[] =>
  lines
    .join('\n')
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...rest] = text.trimEnd().split('\n');
      const end = rest.findIndex((line) => /^-> \d+$/.test(line));
      return { command, code: Number(rest[end]?.slice(3) ?? -1), said: rest.slice(0, end) };
    });
