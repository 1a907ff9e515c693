// `npm run test:systemd`: the service under a real systemd, in a guest. Apart from the other tests because it needs root,
// debootstrap and QEMU, and takes some five minutes.
import { defineConfig } from 'vitest/config';
import { reporters } from '../../support/reporters.ts';

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['*.guest.ts'],
    testTimeout: 60_000,
    hookTimeout: 1_200_000,
    reporters: reporters('systemd'),
  },
});
