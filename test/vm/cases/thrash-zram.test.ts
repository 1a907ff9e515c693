// Thrash of compressed swap: no disk waits, io pressure is none, and the CPUs do nothing but compress.
import { test } from 'vitest';
import { hangs, rescued } from '../harness/hang.ts';
import { zramThrash } from '../harness/swap.ts';

test('without a daemon the guest hangs and the kernel does nothing', () => hangs('thrash-zram', zramThrash));

test('with the daemon it is told for what it is, the hog dies, and the guest is usable again', () =>
  rescued('thrash-zram', zramThrash, 'overload zram_thrash'));
