import { expect, test } from 'vitest';
import { clientOf, createClientBudget } from '../../src/report/client-budget.ts';

test.each([
  [undefined, 'unix'],
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::5', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is the client %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});

test('a client may ask thirty times at once and ten times a second from then on; another one is not affected', () => {
  const mayAsk = createClientBudget();
  const asked = (client: string, nowMs: number): number =>
    Array.from({ length: 100 }, () => mayAsk(client, nowMs)).filter(Boolean).length;
  expect(asked('a', 0)).toBe(30);
  expect(asked('b', 0)).toBe(30);
  expect(asked('a', 1000)).toBe(10);
  expect(asked('a', 100_000)).toBe(30);
});

test('ever new clients share one budget when too many are known, and those that were forgotten come in again', () => {
  const mayAsk = createClientBudget();
  for (let at = 0; at < 256; at++) expect(mayAsk(`c${at}`, 0)).toBe(true);
  const strangers = Array.from({ length: 1000 }, (_, at) => mayAsk(`x${at}`, 1)).filter(Boolean).length;
  expect(strangers).toBe(30);
  expect(mayAsk('c5', 1)).toBe(true);
  expect(Array.from({ length: 100 }, (_, at) => mayAsk(`y${at}`, 5000)).filter(Boolean)).toHaveLength(100);
});
