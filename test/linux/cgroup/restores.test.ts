import { expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { parseRestores } from '../../../src/linux/cgroup/restores.ts';

const parse = (text: string): number => parseRestores(Buffer.from(text), text.length);

it.each([
  ['6.1', 'anon 4096\nworkingset_restore_anon 12\nworkingset_restore_file 345\nworkingset_nodereclaim 7\n', 357],
  ['5.4', 'anon 4096\nworkingset_refault 9\nworkingset_restore 345\npgfault 7\n', 345],
  ['none of the lines', 'anon 4096\nworkingset_refault_file 9\n', ABSENT],
  ['a line that is cut off', 'workingset_restore_anon 12\nworkingset_restore_file 34', 12],
  ['no number', 'workingset_restore_file many\n', ABSENT],
  ['nothing', '', ABSENT],
])('pages that came back, of %s', (_, text, expected) => expect(parse(text)).toBe(expected));

it('a failed read says nothing', () => expect(parseRestores(Buffer.alloc(8), -19)).toBe(ABSENT));
