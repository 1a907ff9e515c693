import { expect, test } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';
import { parsePasswd, readUsers } from '../../src/config/passwd.ts';

test('lines of passwd(5) become users; malformed ones and later namesakes are skipped', () => {
  const text =
    'root:x:0:0:root:/root:/bin/sh\n# comment\n\n+@nis\na:x:5:6\nb:x:-1:0::\nc:x:1:99999999999::\na:x:7:8::\nd:x:4294967295:0::\n';
  expect([...parsePasswd(text)]).toEqual([
    ['root', { uid: 0, gid: 0 }],
    ['a', { uid: 5, gid: 6 }],
  ]);
});

test('a user database that cannot be read says why', () => {
  expect(readUsers('/nowhere/passwd')).toMatchObject({ fault: expect.stringContaining('ENOENT'), byName: new Map() });
  expect(readUsers('/etc/passwd').byName.get('root')).toEqual({ uid: 0, gid: 0 });
});

test.each([
  ['trem', ['term', 'kill'], 'term'],
  ['term_timout', ['term_timeout', 'hold_off'], 'term_timeout'],
  ['protects', ['protect', 'prefer'], 'protect'],
  ['Mode', ['mode'], 'mode'],
  ['ax', ['by', 'ab'], 'ab'],
  ['weight', ['unit', 'exe', 'points'], ''],
  ['', ['a'], 'a'],
  ['x'.repeat(65), ['x'.repeat(64)], ''],
])('nearest to %s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
