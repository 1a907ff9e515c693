// Swap thrash: RAM is too small for what is in use, swap is half empty. No rule that waits for swap to fill sees it.
import { test } from 'vitest';
import { hangs, rescued } from '../harness/hang.ts';
import { swapThrash } from '../harness/swap.ts';

test('without a daemon the guest hangs and the kernel does nothing', () => hangs('thrash-swap', swapThrash));

// The code of the services is driven out as well as the heap of the hog: it is called by whichever comes back more.
test('with the daemon it is told for what it is, the hog dies, and the guest is usable again', () =>
  rescued('thrash-swap', swapThrash, 'overload swap_thrash', 'overload file_thrash'));
