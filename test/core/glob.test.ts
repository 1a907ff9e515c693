import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyGlobMatches, globMatches } from '../../src/core/glob.ts';

/** The same language as a regular expression: slow on hostile texts, but plainly right. */
const reference = (glob: string): RegExp => {
  const parts = glob.split(/(\*\*|\*|\?)/).map((part) => {
    if (part === '**') return '[^]*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
};

describe('globs', () => {
  it.each([
    ['nginx.service', 'nginx.service', true],
    ['nginx.service', 'nginx.services', false],
    ['nginx.service', 'xnginx.service', false],
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['*', 'a/b', false],
    ['**', 'a/b', true],
    ['?', 'a', true],
    ['?', '', false],
    ['?', '/', false],
    ['postgresql@*.service', 'postgresql@15-main.service', true],
    ['postgresql@*.service', 'postgresql.service', false],
    ['/usr/lib/postgresql/*/bin/postgres', '/usr/lib/postgresql/15/bin/postgres', true],
    ['/usr/lib/postgresql/*/bin/postgres', '/usr/lib/postgresql/15/x/bin/postgres', false],
    ['/kubepods.slice/**', '/kubepods.slice/a/b/c', true],
    ['/kubepods.slice/**', '/kubepods.slicer/a', false],
    ['/**/docker-*.scope', '/system.slice/docker-0a1b.scope', true],
    ['/**/docker-*.scope', '/docker-0a1b.scope', false],
    ['**a*b**c', 'xa1b/ac', true],
    ['**a*b**c', 'xa/bc', false],
    ['a*a', 'a', false],
    ['dev-disk-by\\x2duuid.swap', 'dev-disk-by\\x2duuid.swap', true],
    ['a.c', 'abc', false],
    ['*?', '', false],
    ['***', 'a/b', true],
  ])('%j on %j: %s', (glob, text, matches) => {
    expect(globMatches(glob, text)).toBe(matches);
  });

  it('match what the same regular expression matches', () => {
    const alphabet = ['a', 'b', '/', '.'];
    const glob = fc
      .array(fc.constantFrom('*', '**', '?', ...alphabet), { maxLength: 9 })
      .map((parts) => parts.join(''));
    const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 14 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(glob, text, (pattern, subject) => {
        expect(globMatches(pattern, subject)).toBe(reference(pattern).test(subject));
      }),
      { numRuns: 20_000 },
    );
  });

  it('match what they were made from', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        fc.pre(!/[*?]/.test(text));
        expect(globMatches(text, text)).toBe(true);
        expect(globMatches(`**${text}**`, `x/${text}/y`)).toBe(true);
      }),
    );
  });

  it('take no exponential time over a hostile text', () => {
    // Twenty stars over 10,000 characters: backtracking over all of them would outlive the universe.
    const text = 'a'.repeat(10_000);
    const started = performance.now();
    expect(globMatches(`${'*a'.repeat(20)}b`, text)).toBe(false);
    expect(globMatches(`${'**a'.repeat(20)}b`, text)).toBe(false);
    expect(globMatches('**a*a*a*a*b', `${'a'.repeat(254)}/`.repeat(16))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('reads each character of the text a bounded number of times', () => {
    let reads = 0;
    const counted = (length: number) => ({
      length,
      charCodeAt: () => {
        reads++;
        return 97;
      },
    });
    expect(globMatches(`${'*a'.repeat(10)}b`, counted(1000) as unknown as string)).toBe(false);
    expect(reads).toBeLessThan(10 * 1000 * 2);
  });

  it('are alternatives in a list', () => {
    expect(anyGlobMatches(['a*', 'b*'], 'bc')).toBe(true);
    expect(anyGlobMatches(['a*', 'b*'], 'c')).toBe(false);
    expect(anyGlobMatches([], 'c')).toBe(false);
  });
});
