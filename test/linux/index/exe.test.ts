import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, type TestContext } from 'vitest';
import { readExe } from '../../../src/linux/index/exe.ts';
import { until } from '../../report/pipe.ts';
import { build, nativeFolder, removeNative } from '../../support/native/build.ts';
import { needs } from '../../support/native/skip.ts';
import { endSubjects, type Subject, startSubject, statusField } from '../../support/native/subject.ts';

afterEach(endSubjects);
afterAll(removeNative);

const isRoot = process.getuid?.() === 0;
let count = 0;
/** A copy of the program in a folder of its own. */
const copyOf = (name = 'daemon'): string => {
  const folder = join(nativeFolder(), `folder-${count++}`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const program = join(folder, name);
  copyFileSync(build('subject'), program);
  return program;
};
const exeOf = ({ pid }: Subject) => readExe('/proc', pid);

describe('readExe', () => {
  it('verifies the very file of this host, by whatever path it was started', async () => {
    const program = copyOf();
    const link = `${program}-link`;
    symlinkSync(program, link);
    expect(exeOf(await startSubject({ program: link }))).toEqual({ path: program, verified: true });
  });

  it('knows a copy by its own path, and never by that of the original', async () => {
    const copy = copyOf('sshd');
    expect(exeOf(await startSubject({ program: copy }))).toEqual({ path: copy, verified: true });
  });

  it('has nothing for a kernel thread, a zombie and a process that is gone', async () => {
    const subject = await startSubject();
    const zombie = Number(await subject.tell('zombie'));
    await until(() => statusField(zombie, 'State').startsWith('Z'));
    for (const pid of [zombie, 2 ** 22]) expect(readExe('/proc', pid)).toEqual({ path: '', verified: false });
  });
});

/** Runs the program in a mount namespace of its own, after `command` there, which has "$1" and the program as "$2". */
const inside = (command: string, first: string, program: string): Promise<Subject> =>
  startSubject({ program, wrapper: ['unshare', '-m', 'sh', '-c', `${command} && exec "$2"`, 'sh', first] });
const needsMounts = (context: TestContext): void => {
  const possible = ((): boolean => {
    try {
      execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();
  needs(context, possible, 'no mount namespace permitted here');
};

describe('in another mount namespace', () => {
  it('the same path with another file behind it is not verified', async (context) => {
    needsMounts(context);
    const [original, imitation] = [copyOf('sshd'), copyOf('impostor')];
    const subject = await inside('mount --bind "$1" "$2"', imitation, original);
    expect(exeOf(subject)).toEqual({ path: original, verified: false });
    expect(exeOf(await startSubject({ program: original })).verified).toBe(true);
  });

  it('a file that only that namespace has is not verified', async (context) => {
    needsMounts(context);
    const original = copyOf();
    const copy = copyOf();
    const command = 'mount -t tmpfs none "$(dirname "$2")" && cp "$1" "$2"';
    expect(exeOf(await inside(command, copy, original))).toEqual({ path: original, verified: false });
    unlinkSync(original);
    // Now this host has none at that path.
    mkdirSync(`${original}.d`);
    expect(exeOf(await inside(command, copy, original))).toEqual({ path: original, verified: false });
  });

  it('the very same file is, as in a container with a bind mount of it', async (context) => {
    needsMounts(context);
    const original = copyOf();
    expect(exeOf(await inside('mount --bind "$1" "$2"', original, original))).toEqual({
      path: original,
      verified: true,
    });
  });

  it('a deleted file of a file system of its own is not', async (context) => {
    needsMounts(context);
    const original = copyOf();
    const subject = await inside('mount -t tmpfs none "$(dirname "$2")" && cp "$1" "$2"', build('subject'), original);
    execFileSync('rm', [`/proc/${subject.pid}/root${original}`]);
    expect(exeOf(subject)).toEqual({ path: original, verified: false });
  });

  it('any program under a name that ends in " (deleted)" does not pass for the one without', async (context) => {
    needsMounts(context);
    const daemon = copyOf('sshd');
    const impostor = copyOf('impostor');
    const command = 'touch "$2" && mount --bind "$1" "$2"';
    const subject = await inside(command, impostor, `${daemon} (deleted)`);
    expect(exeOf(subject)).toEqual({ path: daemon, verified: false });
  });
});

describe('a file that was deleted', () => {
  const upgraded = async (): Promise<{ program: string; subject: Subject }> => {
    const program = copyOf();
    const subject = await startSubject({ program });
    copyFileSync(build('subject'), `${program}.new`);
    renameSync(`${program}.new`, program);
    return { program, subject };
  };

  it('by an upgrade of root in a folder of root stays verified', async (context) => {
    needs(context, isRoot, 'only root has files of root');
    const { program, subject } = await upgraded();
    expect(exeOf(subject)).toEqual({ path: program, verified: true });
    unlinkSync(program);
    expect(exeOf(subject)).toEqual({ path: program, verified: true });
  });

  it('in a folder of another user, or that was itself of another user, is not', async (context) => {
    needs(context, isRoot, 'only root can give files away');
    const { program, subject } = await upgraded();
    chownSync(dirname(program), 12345, 12345);
    expect(exeOf(subject)).toEqual({ path: program, verified: false });
    const foreign = copyOf();
    chownSync(foreign, 12345, 12345);
    const other = await startSubject({ program: foreign });
    unlinkSync(foreign);
    expect(exeOf(other)).toEqual({ path: foreign, verified: false });
  });

  it('is not when it only says so in its name', async () => {
    const program = copyOf('sshd (deleted)');
    const path = program.slice(0, -' (deleted)'.length);
    expect(exeOf(await startSubject({ program }))).toEqual({ path, verified: false });
    copyFileSync(build('subject'), path);
    expect(exeOf(await startSubject({ program })).verified).toBe(false);
  });

  it('whose folder is gone as well is not', async () => {
    const { program, subject } = await upgraded();
    execFileSync('rm', ['-r', dirname(program)]);
    expect(exeOf(subject)).toEqual({ path: program, verified: false });
  });
});

describe('the host of a process', () => {
  it('is what pid 1 sees, also from a container that shares its pids', () => {
    const program = copyOf();
    const proc = join(nativeFolder(), 'proc');
    const hostRoot = join(nativeFolder(), 'host');
    mkdirSync(join(proc, '7'), { recursive: true });
    mkdirSync(join(proc, '1'));
    mkdirSync(join(hostRoot, dirname(program)), { recursive: true });
    symlinkSync(program, join(proc, '7/exe'));
    // No access to pid 1's root: the own view counts.
    expect(readExe(proc, 7)).toEqual({ path: program, verified: true });
    symlinkSync(hostRoot, join(proc, '1/root'));
    copyFileSync(program, join(hostRoot, program));
    expect(readExe(proc, 7)).toEqual({ path: program, verified: false });
    unlinkSync(join(hostRoot, program));
    linkSync(program, join(hostRoot, program));
    expect(readExe(proc, 7)).toEqual({ path: program, verified: true });
  });
});
