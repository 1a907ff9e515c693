// `npx vitest run --config test/e2e/systemd/vitest.config.ts`: the service under a real systemd, in a guest. Apart from the
// other tests because it needs root, debootstrap and QEMU, and takes some three minutes.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['*.guest.ts'],
    testTimeout: 60_000,
    hookTimeout: 1_200_000,
  },
});
