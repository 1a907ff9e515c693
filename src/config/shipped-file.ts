/**
 * The text of config/oomwatchd.yaml, made from the schema: every key with its default commented out. Prose lines begin
 * with "# ", settings with "#" and no space, so that one pattern (and one editor command) turns all of them on.
 */
import { BUILTIN_PROTECTION, type Protection } from './builtin-protection.ts';
import { createJsonSchema, keysOf, type SchemaNode } from './json-schema.ts';

const WIDTH = 110;

const HEAD = `\
oomwatchd watches this host for memory exhaustion and thrashing, chooses a victim and proves that memory came back.

Every key is here with its default, commented out. To change one, delete the # in front of it, or better write it \
into a file of your own in config.yaml.d/ beside this file: drop-ins are read in the order of their names, a later \
value replaces an earlier one, rules are added. Then:
  oomwatchd check              tells all mistakes at once, each with its line
  systemctl reload oomwatchd   takes it over; with a mistake the old settings stay in force
Sizes: KiB MiB GiB TiB. Shares: 10%, 0.5%. Both: min(10%, 2GiB). Times: ms s m h.`;

const EXAMPLE_RULES = `\
Rules look like this:
  protect:
    - unit: "postgresql@*.service"
      reason: the database restarts as a whole when one of its processes is killed
  prefer:
    - { cgroup: "/kubepods.slice/kubepods-besteffort.slice/**", points: 500 }
    - { oom_score_adj: { min: 500 } }
  avoid:
    - { exe: ["/usr/bin/qemu-system-*", "/usr/libexec/qemu-kvm"], user: libvirt-qemu }`;

/** Words in lines of at most WIDTH, the following ones indented as the first is. */
const wrap = (text: string, indent: string): string[] => {
  const margin = /^ */.exec(text)?.[0] ?? '';
  const lines = [margin];
  for (const word of text.trim().split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === margin) lines[lines.length - 1] = line + word;
    else if (indent.length + line.length + word.length + 3 > WIDTH) lines.push(margin + word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}`.trimEnd());
};

const prose = (text: string, indent: string): string[] => text.split('\n').flatMap((line) => wrap(line, indent));

/** Examples keep their form. */
const verbatim = (text: string, indent: string): string[] => text.split('\n').map((line) => `${indent}# ${line}`);

/** Text that YAML would read as something else, or that editors would colour as such, is quoted. */
const scalar = (value: unknown): string =>
  typeof value === 'string' && !/^[a-z]+$/.test(value)
    ? JSON.stringify(value)
    : JSON.stringify(value).replaceAll('"', '');

const protection = ({ name, reason, unit, exe, root }: Protection): string[] => [
  `  ${name}: ${reason}`,
  ...(unit === undefined ? [] : [`    units ${unit.join(', ')}`]),
  ...(exe === undefined ? [] : [`    programs${root ? ' run by root' : ''} ${exe.join(', ')}`]),
];

const PROTECTIONS = [
  'The built-in list; where units and programs are given, a process must match one of each:',
  ...BUILTIN_PROTECTION.flatMap(protection),
].join('\n');

const setting = (key: string, node: SchemaNode, indent: string): string[] => [
  ...prose(node.description ?? '', indent),
  ...(key === 'builtin_protection' ? prose(PROTECTIONS, indent) : []),
  `${indent}#${key}: ${scalar(node.default)}`,
];

/**
 * Keys with the prose above them and what is below. Sections come last and begin with a ruler instead of an empty line,
 * which the formatter of the repository would take out between a comment and a key further left.
 */
const block = (node: SchemaNode, indent: string, path: string): string[] =>
  [...keysOf(node)].flatMap(([key, child], index) => {
    if (child.default !== undefined) return [...(index === 0 ? [] : ['']), ...setting(key, child, indent)];
    return [
      `${indent}# ---------- ${path}${key} ----------`,
      ...prose(child.description ?? '', indent),
      ...(key === 'select' ? verbatim(EXAMPLE_RULES, indent) : []),
      `${indent}${key}:`,
      ...block(child, `${indent}  `, `${path}${key}.`),
    ];
  });

/** The whole file. */
export const shippedFile = (): string =>
  [
    '# yaml-language-server: $schema=./schema.json',
    ...HEAD.split('\n').flatMap((line) => (line.startsWith(' ') ? verbatim(line, '') : prose(line, ''))),
    '',
    ...block(createJsonSchema(), '', ''),
    '',
  ].join('\n');
