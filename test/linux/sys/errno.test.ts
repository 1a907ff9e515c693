import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { EAGAIN, EINTR, ENOENT, EPIPE, ESRCH, errnoName } from '../../../src/linux/sys/errno.ts';

it('numbers are those of this kernel', () => {
  const { errno } = constants;
  expect([EAGAIN, EINTR, ENOENT, EPIPE, ESRCH]).toEqual([
    errno.EAGAIN,
    errno.EINTR,
    errno.ENOENT,
    errno.EPIPE,
    errno.ESRCH,
  ]);
});

it.each([
  [3, 'ESRCH'],
  [-3, 'ESRCH'],
  [-24, 'EMFILE'],
  [0, '0'],
  [-100_000, '100000'],
])('%i is %s', (errno, name) => expect(errnoName(errno)).toBe(name));
