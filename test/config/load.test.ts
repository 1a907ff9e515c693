import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPolicy } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oomwatchd-config-'));
  put('passwd', 'root:x:0:0::/root:/bin/sh\noomwatchd:x:811:812::/:/usr/sbin/nologin\nnobody:x:65534:65533::/:\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array): void => {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
};

const load = (options: { mustExist?: boolean; file?: string } = {}) =>
  loadPolicy({
    file: join(root, options.file ?? 'config.yaml'),
    mustExist: options.mustExist ?? false,
    passwdFile: join(root, 'passwd'),
  });

const policy = () => {
  const loaded = load();
  if ('errors' in loaded) throw new Error(loaded.errors.map(formatProblem).join('\n'));
  return loaded.policy;
};

/** Problems with the directory of the test cut off. */
const problems = (options: Parameters<typeof load>[0] = {}): string[] => {
  const loaded = load(options);
  return 'errors' in loaded ? loaded.errors.map((problem) => formatProblem(problem).replaceAll(`${root}/`, '')) : [];
};

describe('files', () => {
  test('none at all means the defaults', () => {
    expect(policy().files).toEqual([]);
    expect(policy().mode).toBe('observe');
    expect(policy().report).toMatchObject({ uid: 811, gid: 812 });
  });

  test('a file that somebody named must exist', () => {
    expect(problems({ mustExist: true })).toEqual([
      expect.stringMatching(/^config\.yaml:1:1: cannot be read: ENOENT.*create it, or leave the option out/),
    ]);
  });

  test('drop-ins are read by name; a later value wins, key by key', () => {
    put('config.yaml', 'mode: enforce\nact: { term_timeout: 1s, hold_off: 200ms }\n');
    put('config.yaml.d/50-b.yaml', 'act:\n  term_timeout: 3s\n');
    put('config.yaml.d/10-a.yaml', 'act:\n  term_timeout: 2s\npace:\n');
    expect(policy()).toMatchObject({ mode: 'enforce', act: { termTimeoutMs: 3000, holdOffMs: 200 } });
    expect(policy().files).toEqual(
      ['config.yaml', 'config.yaml.d/10-a.yaml', 'config.yaml.d/50-b.yaml'].map((name) => join(root, name)),
    );
  });

  test('drop-ins count without a main file', () => {
    put('config.yaml.d/a.yaml', 'mode: enforce\n');
    expect(policy().mode).toBe('enforce');
  });

  test('rules of all files add up, each named after its file', () => {
    put('config.yaml', 'select: { builtin_protection: false, protect: [{ unit: a.service }, { unit: b.service }] }\n');
    put('config.yaml.d/k8s.yaml', 'select:\n  protect:\n    - unit: c.service\n');
    expect(policy().select.rules.map(({ id, unit, reason }) => [id, unit[0], reason.replace(`${root}/`, '')])).toEqual([
      ['select.protect[0]', 'a.service', 'configured in config.yaml:1'],
      ['select.protect[1]', 'b.service', 'configured in config.yaml:1'],
      ['k8s.yaml:select.protect[0]', 'c.service', 'configured in config.yaml.d/k8s.yaml:3'],
    ]);
  });

  test('files of other kinds in the drop-in directory are left alone, but not a misspelt ending', () => {
    for (const name of ['README', 'a.yaml.bak', 'a.yaml~', '.a.yaml', 'a.yaml.dpkg-old']) {
      put(`config.yaml.d/${name}`, 'mode: broken\n');
    }
    expect(problems()).toEqual([]);
    put('config.yaml.d/b.yml', '');
    expect(problems()).toEqual(['config.yaml.d/b.yml:1:1: drop-ins end in .yaml; rename it, or it would be ignored']);
  });

  test('links to files are files, as Kubernetes mounts them', () => {
    put('data/c', 'mode: enforce\n');
    symlinkSync(join(root, 'data/c'), join(root, 'config.yaml'));
    expect(policy().mode).toBe('enforce');
  });
});

describe('what cannot be read is told', () => {
  test('a directory, a device, a broken link, other encodings, something huge', () => {
    mkdirSync(join(root, 'config.yaml.d/a.yaml'), { recursive: true });
    symlinkSync('/dev/zero', join(root, 'config.yaml.d/b.yaml'));
    symlinkSync('/nowhere', join(root, 'config.yaml.d/c.yaml'));
    put('config.yaml.d/d.yaml', Buffer.from('mode: \xff', 'latin1'));
    put('config.yaml.d/e.yaml', 'x'.repeat(3 * 1024 * 1024));
    expect(problems()).toEqual([
      'config.yaml.d/a.yaml:1:1: is not a regular file; name a file with YAML in it',
      'config.yaml.d/b.yaml:1:1: is not a regular file; name a file with YAML in it',
      expect.stringMatching(/^config\.yaml\.d\/c\.yaml:1:1: cannot be read: ENOENT/),
      'config.yaml.d/d.yaml:1:1: is not UTF-8; save it as UTF-8',
      expect.stringContaining('e.yaml:1:1: is larger than'),
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('files without permission', () => {
    put('config.yaml', '');
    chmodSync(join(root, 'config.yaml'), 0);
    expect(problems()).toEqual([expect.stringMatching(/cannot be read: EACCES.*see "ls -l" and "id"/)]);
  });

  test('a drop-in directory that is a file', () => {
    put('config.yaml.d', '');
    expect(problems()).toEqual([
      expect.stringMatching(/^config\.yaml\.d:1:1: the drop-in directory cannot be read: ENOTDIR/),
    ]);
  });

  test('a default path below a file is not a missing file', () => {
    put('config.yaml', '');
    expect(problems({ file: 'config.yaml/x' })[0]).toContain('cannot be read: ENOTDIR');
  });
});

describe('problems of all files come together, in reading order', () => {
  test('syntax, values, conflicts and missing files', () => {
    put('config.yaml', 'pace: { min: 500ms }\nmode: on\nact: { hold_off: 1ms }\n');
    put('config.yaml.d/a.yaml', 'a: [\n');
    put('config.yaml.d/b.yaml', 'pace: { max: 10ms }\nselect: { avoid: [{ user: nobdy }] }\n');
    put('config.yaml.d/z.yml', '');
    expect(problems().map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'config.yaml.d/z.yml:1:1',
      'config.yaml:2:7 mode',
      'config.yaml:3:18 act.hold_off',
      'config.yaml.d/a.yaml:2:1',
      'config.yaml.d/b.yaml:1:14 pace.max',
      'config.yaml.d/b.yaml:2:27 select.avoid[0].user',
    ]);
  });

  test('a value is checked even where a later file replaces it', () => {
    put('config.yaml', 'mode: on\n');
    put('config.yaml.d/a.yaml', 'mode: enforce\n');
    expect(problems()).toEqual([expect.stringContaining('config.yaml:1:7 mode')]);
  });
});

test('the hash follows the texts and the file they are in', () => {
  put('config.yaml', 'mode: enforce\n');
  const before = policy().hash;
  expect(policy().hash).toBe(before);
  put('config.yaml', 'mode: enforce\n#\n');
  const changed = policy().hash;
  put('config.yaml', 'mode: enforce\n');
  put('config.yaml.d/a.yaml', '#\n');
  expect(new Set([before, changed, policy().hash]).size).toBe(3);
});

describe('the user of the reporting process', () => {
  test('is oomwatchd, else nobody, else the overflow id', () => {
    put('passwd', 'nobody:x:7:8::/:\n');
    expect(policy().report).toMatchObject({ uid: 7, gid: 8 });
    rmSync(join(root, 'passwd'));
    expect(policy().report).toMatchObject({ uid: 65534, gid: 65534 });
  });

  test('must exist when it is named', () => {
    put('config.yaml', 'report: { user: nobody }\n');
    expect(policy().report).toMatchObject({ uid: 65534, gid: 65533 });
    rmSync(join(root, 'passwd'));
    expect(problems()).toEqual([
      expect.stringContaining('config.yaml:1:17 report.user: cannot become "nobody": ENOENT'),
    ]);
  });
});
